#pragma once

#include "runner/sys/unique_fd.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

namespace disco::tests {

/// A program on a terminal of its own, as a person sits before it. Every wait has an end.
class TerminalSession {
public:
    static constexpr std::chrono::seconds patience{30};

    /// Starts it. What it shows goes to the file `log`, too. `settings`: of the terminal. Throws SysError.
    TerminalSession(const std::vector<std::string>& words, std::filesystem::path log,
                    winsize size = {.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0});
    TerminalSession(const TerminalSession&) = delete;
    TerminalSession& operator=(const TerminalSession&) = delete;
    ~TerminalSession();

    void type(std::string_view keys) const;
    /// Reads until `text` is shown, beyond what an earlier wait has found. False when that takes too long, or
    /// when the program has closed the terminal.
    [[nodiscard]] bool sees(std::string_view text);
    /// Types a line that prints a mark of its own, and waits for that: the shell has done all before it.
    [[nodiscard]] bool done(const std::string& line);
    /// All that was shown.
    [[nodiscard]] const std::string& shown() const noexcept { return shown_; }

    void resize(winsize size) const;
    [[nodiscard]] termios settings() const;
    /// Closes the person's side.
    void hang_up();

    /// Until it has ended.
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Reads what it shows until it ends: its exit code, 1000 + the signal that ended it, or -1 when that
    /// takes too long.
    [[nodiscard]] int exit_code();

private:
    enum class Read { some, none, end };
    Read read_some(std::chrono::milliseconds wait);

    sys::UniqueFd terminal_;
    std::filesystem::path log_;
    pid_t pid_ = -1;
    std::string shown_;
    std::size_t seen_ = 0; ///< up to here `sees` has looked
    int marks_ = 0;
};

/// What stty(1) would show differs, in words; empty when nothing does.
[[nodiscard]] std::string difference(const termios& before, const termios& after);

} // namespace disco::tests
