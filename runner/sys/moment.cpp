#include "runner/sys/moment.hpp"

#include "runner/sys/error.hpp"

namespace disco::sys {
namespace {

timespec read_clock(clockid_t clock) {
    timespec moment = {};
    check(::clock_gettime(clock, &moment), "read the clock");
    return moment;
}

} // namespace

timespec now() { return read_clock(CLOCK_REALTIME); }

timespec passed_moment() {
    const timespec moment = now();
    wait_until_passed(moment);
    return moment;
}

void wait_until_passed(const timespec& moment) {
    // Files are stamped with the fine clock (Linux 6.13 and later) or with the coarse one, which lags behind.
    while (!later(read_clock(CLOCK_REALTIME_COARSE), moment)) {
        constexpr timespec little = {.tv_sec = 0, .tv_nsec = 500'000};
        ::nanosleep(&little, nullptr);
    }
}

bool later(const timespec& a, const timespec& b) noexcept {
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

} // namespace disco::sys
