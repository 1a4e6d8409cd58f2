#pragma once

#include <array>
#include <filesystem>

#include <sys/types.h>

namespace disco::tests {

/// A place that a daemon mounts on as soon as somebody walks into it, but it answers nobody. `there` is
/// mounted already. In a mount namespace of the test's own; throws sys::Error where that cannot be.
class Automount {
public:
    explicit Automount(std::filesystem::path point);
    ~Automount();
    Automount(const Automount&) = delete;
    Automount& operator=(const Automount&) = delete;

    /// Whether the kernel has asked the daemon for anything.
    [[nodiscard]] bool woken() const;

private:
    [[noreturn]] void serve();

    std::filesystem::path point_;
    std::array<int, 2> asked_{};
    pid_t daemon_ = -1;
};

} // namespace disco::tests
