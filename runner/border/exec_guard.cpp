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

ExecGuard::ExecGuard(IsGuarded is_guarded, CalledCommands& called, std::string shim)
    : is_guarded_{std::move(is_guarded)}, called_{called}, shim_path_{std::move(shim)} {}

std::string ExecGuard::answer(int root, int listener, const seccomp_notif& request) {
    const policy::ExecCall call = *policy::exec_call(request.data);
    const auto thread = static_cast<pid_t>(request.pid);
    std::string missed;
    const auto go_on = [&] {
        if (!sys::let_call_go_on(listener, request.id))
            throw sys::SysError{errno, "answer an exec of the sandbox"};
        return missed;
    };
    if (take_expected(thread, call)) return go_on();
    const auto path = read_text(thread, call.path);
    if (!path) return go_on(); // the kernel says what is wrong with it
    std::optional<SetIdFile> set_id;
    auto found = find(root, thread, call, *path, set_id);
    if (set_id) missed = missed_rights(thread, *set_id);
    if (!found) return go_on();
    const pid_t process = process_of(thread);
    if (called_.take_run(process, found->name)) return go_on();
    const std::string shown = found->path;
    const int error =
        redirect_exec(listener, request, call, shim(root), call.path + path->size(), [&](int fd) {
            called_.note(process, *std::move(found));
            const std::scoped_lock lock{mutex_};
            expected_.insert_or_assign(thread, fd);
        });
    if (error == 0) return {};
    return fmt::format("run '{}', a guarded command: {}{}", sys::printable(shown), sys::errno_text(error),
                       error == EPERM
                           ? " (this machine refuses ptrace(2), without which no guarded command can "
                             "be answered; a container needs CAP_SYS_PTRACE)"
                           : "");
}

/// An absolute path is looked up in the sandbox's root first: most lead to no guarded command, and only of
/// one that does must be known that its caller is in no chroot.
std::optional<CalledCommand> ExecGuard::find(int root, pid_t thread, const policy::ExecCall& call,
                                             const std::string& path,
                                             std::optional<SetIdFile>& set_id) const {
    const auto absolute = absolute_path(thread, call, path);
    if (!absolute) return std::nullopt;
    auto found = look_up_command(root, *absolute, is_guarded_, &set_id);
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
