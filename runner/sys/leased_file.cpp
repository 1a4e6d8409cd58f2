#include "runner/sys/leased_file.hpp"

#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <cerrno>
#include <mutex>

#include <fcntl.h>
#include <poll.h>

#include <fmt/format.h>

namespace disco::sys {
namespace {

constexpr std::chrono::milliseconds pause{20};

std::chrono::seconds lease_break_time() {
    constexpr int usual = 45; // the kernel's default
    const auto set = number_in<int>(read_line_if_exists("/proc/sys/fs/lease-break-time"));
    return std::chrono::seconds{std::clamp(set.value_or(usual), 1, 60)};
}

std::mutex& waiting() {
    static std::mutex mutex;
    return mutex;
}

} // namespace

LeaseKept::LeaseKept(const std::filesystem::path& name)
    : Error{fmt::format("cannot open '{}': {}", printable(name.native()), what_to_do)} {}

LeasePatience& LeasePatience::of_process() {
    static LeasePatience patience{2 * lease_break_time()};
    return patience;
}

bool LeasePatience::wait() {
    throw_if_interrupted();
    const std::lock_guard lock{waiting()};
    if (left_ <= std::chrono::milliseconds{0}) return false;
    left_ -= pause;
    ::poll(nullptr, 0, static_cast<int>(pause.count()));
    return true;
}

UniqueFd open_leased(int directory, const std::filesystem::path& name, int flags, LeasePatience& patience) {
    for (;;) {
        UniqueFd fd{::openat(directory, name.c_str(), flags | O_NONBLOCK | O_CLOEXEC)};
        if (fd || errno != EWOULDBLOCK) return fd;
        if (!patience.wait()) throw LeaseKept{name};
    }
}

} // namespace disco::sys
