#pragma once

#include "runner/sys/raw_terminal.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <poll.h>

namespace disco::sandbox {

/// Connects a person's terminal with one of a sandbox's: bytes both ways, as they are, and the window's size.
/// Neither side can make it wait: what one does not take keeps the other from being read, that is all.
class TerminalRelay {
public:
    using Heard = std::function<void(std::string_view)>;

    /// `outer`: the person's, which is in raw mode from now on until the end of the object. `inner`: the
    /// sandbox's, its master side (pty(7)); it gets the settings and the size of the other. Both are
    /// borrowed. `heard` gets what is shown. Throws SysError.
    TerminalRelay(int outer, int inner, Heard heard);

    static constexpr std::size_t wait_count = 3;
    /// What to poll(2) for.
    [[nodiscard]] std::array<pollfd, wait_count> waits() const;
    /// Moves what can be moved. Throws Interrupted, as a hang-up does (SIGHUP), when the person's terminal is
    /// gone; SysError.
    void serve();
    /// When all programs on the inner terminal have ended: shows the rest of what they have written. Throws
    /// as `serve`, and Interrupted.
    void finish();

private:
    enum class Movement { no, yes };
    Movement listen();
    Movement show();
    void read_keys();
    void pass_keys();
    void pass_size();

    sys::RawTerminal outer_;
    int inner_;
    Heard heard_;
    std::string keys_;  ///< typed, and not yet taken by the inner terminal
    std::string shown_; ///< written, and not yet taken by the outer terminal
};

} // namespace disco::sandbox
