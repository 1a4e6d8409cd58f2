#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::border {

/// A guarded command that a process of the sandbox called, and got the shim instead.
struct CalledCommand {
    std::string name; ///< by which it was called; what policy/guarded.d knows
    std::string path; ///< absolute, in the sandbox's root: what runs the command itself
    /// What stands in the place of the caller's argv[0], when the command is the interpreter of a script
    /// ("#!/usr/sbin/nft -f"): itself, its argument, and the script. Else empty.
    std::vector<std::string> words{};
};

/// What the broker learns from the thread that redirects execs, and that thread from the broker, by process
/// (a number of the parent's pid namespace). Safe to use from several threads.
class CalledCommands {
public:
    /// `process` is about to become the shim. Forgets what was known of the number.
    void note(pid_t process, CalledCommand command);
    /// What the shim `process` stands for; nothing for a process that was not redirected.
    [[nodiscard]] std::optional<CalledCommand> find(pid_t process) const;
    /// The next exec of `process` that is of the command it stands for is let through.
    void let_run(pid_t process);
    /// Whether `process` may run `name` itself now. True once for each `let_run`.
    [[nodiscard]] bool take_run(pid_t process, const std::string& name);

private:
    struct Entry {
        CalledCommand command;
        bool may_run = false;
    };
    mutable std::mutex mutex_;
    std::map<pid_t, Entry> entries_;
};

} // namespace disco::border
