#include "runner/sys/heartbeat.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace disco::sys {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds interval{250};

struct Heart {
    std::function<void()> beat;
    Clock::time_point last{};
};

Heart& heart() {
    static Heart only;
    return only;
}

} // namespace

void set_heartbeat(std::function<void()> beat) { heart() = {std::move(beat), {}}; }

int until_heartbeat(int patience) noexcept {
    if (!heart().beat) return patience;
    constexpr auto most = static_cast<int>(interval.count());
    return patience < 0 ? most : std::min(patience, most);
}

void heartbeat() {
    if (!heart().beat || Clock::now() - heart().last < interval) return;
    heart().last = Clock::now();
    heart().beat();
}

} // namespace disco::sys
