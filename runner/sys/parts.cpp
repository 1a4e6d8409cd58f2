#include "runner/sys/parts.hpp"

#include <algorithm>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace disco::sys {
namespace {

constexpr std::size_t most_threads = 8;

/// Calls `work(i)` for every i below `parts`, each in a thread, the first in this one.
void all_at_once(std::size_t parts, const std::function<void(std::size_t part)>& work) {
    std::vector<std::exception_ptr> failures(parts);
    const auto run = [&](std::size_t part) {
        try {
            work(part);
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

} // namespace

void in_parts(std::size_t count, const std::function<void(std::size_t begin, std::size_t end)>& work) {
    const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    const std::size_t parts =
        std::clamp(count / worth_a_thread, std::size_t{1}, std::min(processors, most_threads));
    all_at_once(parts, [&](std::size_t part) { work(count * part / parts, count * (part + 1) / parts); });
}

void side_by_side(std::size_t count, const std::function<void()>& first,
                  const std::function<void()>& second) {
    if (count >= worth_a_thread)
        return all_at_once(2, [&](std::size_t part) { (part == 0 ? first : second)(); });
    first();
    second();
}

} // namespace disco::sys
