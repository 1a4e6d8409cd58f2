#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>

namespace disco::sys {

/// PATH of what is given none.
inline constexpr const char* usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program of the host (rsync, diff), run directly, never by a shell.
struct ProgramSpec {
    std::vector<std::string> argv; ///< argv[0] is looked up in PATH of `environment` unless it holds a '/'
    std::vector<std::string> environment; ///< "NAME=value"
    std::string input;                    ///< its standard input
    std::optional<std::chrono::milliseconds> timeout;
    /// The same for several together: one that is still to be started then is not, and has timed out.
    std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt;
    std::size_t output_limit = std::size_t{64}
                               << 20; ///< of standard output and of error each; more is cut off
};

/// The words as execve(2) and posix_spawn(3) want them, with a null at the end; valid as long as the words
/// are. They take char*, and change nothing.
[[nodiscard]] std::vector<char*> word_pointers(const std::vector<std::string>& words);

struct ProgramResult {
    int exit = 0;   ///< meaningful when signal is 0
    int signal = 0; ///< that ended it
    bool timed_out = false;
    bool output_cut = false;
    std::string output;
    std::string error;
    double wall_s = 0;
    struct rusage usage = {};
    [[nodiscard]] bool succeeded() const { return exit == 0 && signal == 0 && !timed_out; }
};

/// The file of an executable program, looked up in the directories of a PATH; nothing when it is in none.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name, std::string_view path);

/// Runs it to its end, in a session of its own; a time-out or Ctrl-C ends also what it has started. Throws
/// SysError when it cannot be started, Interrupted (after killing it) on Ctrl-C.
[[nodiscard]] ProgramResult run_program(const ProgramSpec& spec);

/// The same for many, at most `parallel` at a time; results in the order of the specs.
[[nodiscard]] std::vector<ProgramResult> run_programs(const std::vector<ProgramSpec>& specs,
                                                      std::size_t parallel);

} // namespace disco::sys
