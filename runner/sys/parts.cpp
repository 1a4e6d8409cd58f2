#include "runner/sys/parts.hpp"

#include <algorithm>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace disco::sys {
namespace {

constexpr std::size_t most_threads = 8;

} // namespace

void in_parts(std::size_t count, const std::function<void(std::size_t begin, std::size_t end)>& work) {
    const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t parts =
        std::clamp(count / worth_a_thread, std::size_t{1}, std::min(processors, most_threads));
    std::vector<std::exception_ptr> failures(parts);
    const auto run = [&](std::size_t part) {
        try {
            work(count * part / parts, count * (part + 1) / parts);
        } catch (...) {
            failures[part] = std::current_exception();
        }
    };
    std::vector<std::jthread> others; // joined when it goes
    for (std::size_t part = 1; part < parts; ++part) {
        try {
            others.emplace_back(run, part);
        } catch (const std::system_error&) { // no more threads for this user
            run(part);
        }
    }
    run(0);
    others.clear();
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

} // namespace disco::sys
