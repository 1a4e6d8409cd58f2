#pragma once

#include "policy/exec_call.hpp"
#include "runner/border/called_commands.hpp"
#include "runner/border/command_lookup.hpp"
#include "runner/border/plain_files.hpp"
#include "runner/sys/unique_fd.hpp"

#include <ctime>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <linux/seccomp.h>

namespace disco::border {

/// Decides about every exec in one sandbox: an ordinary one goes on, a guarded command becomes the shim,
/// under whatever name and by whatever way it is called, and the tree keeps its real files. That is a service
/// to the reader and no wall: a caller that changes the path after the look runs the command itself in the
/// sandbox, and meets the walls.
///
/// Where no exec can be redirected, what is seen to be a guarded command fails. When a caller cannot be
/// looked at (a user other than root, without CAP_SYS_PTRACE), it is reported that its exec was not seen.
///
/// `answer` may be called from several threads, each with a listener of its own.
class ExecGuard {
public:
    enum class Redirection { possible, refused }; ///< see redirection_possible
    /// `shim`: its path in the sandbox, on a mount that cannot be written there: a process can open what it
    /// executes. `is_guarded` and `called` must outlive it, and `is_guarded` must bear several threads.
    ExecGuard(IsGuarded is_guarded, CalledCommands& called, std::string shim, Redirection redirection);

    /// Whether an exec of `path`, absolute, would be ordinary, by root and in no chroot. `root`: of the
    /// sandbox (O_PATH). Throws SysError.
    [[nodiscard]] bool is_ordinary(int root, const std::string& path);

    /// Answers an exec. `root`: of the sandbox (O_PATH). `own_path`: what is executed, where that is known:
    /// for the program that the sandbox was asked to run, which cannot be looked at before its exec. Returns
    /// what could not be done, to follow "could not"; empty when there is nothing to report. Throws SysError.
    [[nodiscard]] std::string answer(int root, int listener, const seccomp_notif& request,
                                     const std::optional<std::string>& own_path);

private:
    [[nodiscard]] std::optional<CalledCommand> find(int root, pid_t thread, const policy::ExecCall& call,
                                                    const std::string& path,
                                                    std::optional<SetIdFile>& set_id);
    [[nodiscard]] int redirect(int root, int listener, const seccomp_notif& request,
                               const policy::ExecCall& call, std::uint64_t empty, CalledCommand found);
    [[nodiscard]] int shim(int root);
    [[nodiscard]] bool take_expected(pid_t thread, const policy::ExecCall& call);

    IsGuarded is_guarded_;
    CalledCommands& called_;
    std::string shim_path_;
    Redirection redirection_;
    PlainFiles plain_{std::time(nullptr)};
    std::mutex mutex_;
    sys::UniqueFd shim_;
    std::map<pid_t, int> expected_; ///< threads that were redirected, and the descriptor they will exec by
};

} // namespace disco::border
