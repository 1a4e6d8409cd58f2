#include "runner/border/exec_guard.hpp"

#include "runner/border/exec_caller.hpp"
#include "runner/border/exec_redirect.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/notified_call.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/statvfs.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

/// What a caller hopes for from a program that would give it more rights, and does not get: the view is
/// mounted `nosuid`, and nothing in a sandbox gains privileges. Empty: root needs none. To follow "could
/// not".
std::string missed_rights(pid_t thread, const SetIdFile& file) {
    const auto caller = credentials_of(thread);
    if (!caller || caller->user == 0) return {};
    const bool user = file.user_bit && file.owner != caller->user;
    const bool group = file.group_bit && file.group != caller->group;
    if (!user && !group) return {};
    return fmt::format(
        "give '{}' the rights of its {}, as set-{}-ID programs have only their caller's in a sandbox; "
        "the script is root and can do without: `runuser -u USER -- COMMAND` in the place of sudo "
        "and su, `crontab -u USER FILE`",
        sys::printable(file.path), user ? "owner" : "group", user ? "user" : "group");
}

} // namespace

/// What is reported of an exec that goes on unseen; to follow "could not".
std::string unseen(pid_t thread) {
    const auto caller = credentials_of(thread);
    return fmt::format(
        "see what {} executed, as this machine refuses to look at it: a guarded command ran in "
        "the sandbox itself, which knows nothing of the machine",
        caller ? fmt::format("user {}", caller->user) : "a process");
}

ExecGuard::ExecGuard(IsGuarded is_guarded, CalledCommands& called, std::string shim, Redirection redirection)
    : is_guarded_{std::move(is_guarded)},
      called_{called},
      shim_path_{std::move(shim)},
      redirection_{redirection} {}

bool ExecGuard::is_ordinary(int root, const std::string& path) {
    return !look_up_command(root, path, is_guarded_, plain_);
}

std::string ExecGuard::answer(int root, int listener, const seccomp_notif& request,
                              const std::optional<std::string>& own_path) {
    const policy::ExecCall call = *policy::exec_call(request.data);
    const auto thread = static_cast<pid_t>(request.pid);
    std::string missed;
    const auto go_on = [&] {
        if (!sys::let_call_go_on(listener, request.id))
            throw sys::SysError{errno, "answer an exec of the sandbox"};
        return missed;
    };
    if (take_expected(thread, call)) return go_on();
    const auto path = own_path ? own_path : read_text(thread, call.path);
    if (!path) {
        if (errno == EPERM && sys::is_waiting(listener, request.id)) missed = unseen(thread);
        return go_on(); // if there is something wrong with it the kernel says so
    }
    std::optional<SetIdFile> set_id;
    auto found = own_path ? look_up_command(root, *path, is_guarded_, plain_, &set_id)
                          : find(root, thread, call, *path, set_id);
    if (set_id) missed = missed_rights(thread, *set_id);
    if (!found) return go_on();
    const pid_t process = process_of(thread);
    if (called_.take_run(process, found->name)) return go_on();
    const std::string shown = found->path;
    const int error = redirect(root, listener, request, call, call.path + path->size(), *std::move(found));
    if (error == 0) return {};
    return fmt::format("run '{}', a guarded command: {}{}", sys::printable(shown), sys::errno_text(error),
                       error == EPERM
                           ? " (this machine refuses ptrace(2), without which no guarded command can "
                             "be answered; a container needs CAP_SYS_PTRACE)"
                           : "");
}

/// 0, or the errno that the caller has got.
int ExecGuard::redirect(int root, int listener, const seccomp_notif& request, const policy::ExecCall& call,
                        std::uint64_t empty, CalledCommand found) {
    const auto thread = static_cast<pid_t>(request.pid);
    if (redirection_ == Redirection::refused) {
        (void)sys::answer_call(listener, request.id, EPERM);
        return EPERM;
    }
    return redirect_exec(listener, request, call, shim(root), empty, [&](int fd) {
        called_.note(process_of(thread), std::move(found));
        const std::scoped_lock lock{mutex_};
        expected_.insert_or_assign(thread, fd);
    });
}

/// An absolute path is looked up in the sandbox's root first: most lead to no guarded command, and only of
/// one that does must be known that its caller is in no chroot.
std::optional<CalledCommand> ExecGuard::find(int root, pid_t thread, const policy::ExecCall& call,
                                             const std::string& path, std::optional<SetIdFile>& set_id) {
    const auto absolute = absolute_path(thread, call, path);
    if (!absolute) return std::nullopt;
    auto found = look_up_command(root, *absolute, is_guarded_, plain_, &set_id);
    if (!found || !has_root(thread, root)) return std::nullopt;
    return found;
}

int ExecGuard::shim(int root) {
    const std::scoped_lock lock{mutex_};
    if (!shim_) {
        shim_ = sys::open_in_root(root, shim_path_, O_RDONLY);
        struct statvfs mount = {};
        sys::check(::fstatvfs(shim_.get(), &mount), "look at", shim_path_);
        if ((mount.f_flag & ST_RDONLY) == 0)
            throw sys::Error{fmt::format("'{}' could be changed by the sandbox", shim_path_)};
    }
    return shim_.get();
}

bool ExecGuard::take_expected(pid_t thread, const policy::ExecCall& call) {
    if (call.flags != AT_EMPTY_PATH) return false;
    const std::scoped_lock lock{mutex_};
    const auto found = expected_.find(thread);
    if (found == expected_.end() || found->second != call.directory) return false;
    expected_.erase(found);
    return true;
}

} // namespace disco::border
