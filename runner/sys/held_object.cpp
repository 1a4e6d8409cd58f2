#include "runner/sys/held_object.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/inode_flags.hpp"
#include "runner/sys/leased_file.hpp"
#include "runner/sys/xattr_calls.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sys {

HeldObject::HeldObject(int directory, const std::filesystem::path& name)
    : name_{name}, fd_{open_on_mount(directory, name, O_PATH | O_NOFOLLOW)}, status_{status_now()} {}

struct stat HeldObject::status_now() const {
    struct stat status = {};
    check(::fstat(fd_.get(), &status), "look at", name_);
    return status;
}

std::string HeldObject::magic_link() const { return fmt::format("/proc/self/fd/{}", fd_.get()); }

void HeldObject::set_owner(uid_t uid, gid_t gid) const {
    check(::fchownat(fd_.get(), "", uid, gid, AT_EMPTY_PATH), "set the owner of", name_);
}

// fchmod(2) takes no such descriptor, and fchmodat2(2) is there since Linux 6.6 only.
void HeldObject::set_mode(mode_t mode) const {
    if (S_ISLNK(status_.st_mode)) throw SysError{ELOOP, "set the mode of", name_};
    check(::chmod(magic_link().c_str(), mode), "set the mode of", name_);
}

void HeldObject::set_times(const timespec& accessed, const timespec& modified) const {
    const struct timespec both[2] = {accessed, modified};
    check(::utimensat(AT_FDCWD, magic_link().c_str(), both, 0), "set the times of", name_);
}

Xattrs HeldObject::read_xattrs() const { return sys::read_xattrs(by_link(magic_link(), name_)); }

void HeldObject::replace_xattrs(const Xattrs& wanted, bool (*untouched)(const std::string& attribute)) const {
    sys::replace_xattrs(by_link(magic_link(), name_), wanted, untouched);
}

std::string HeldObject::read_link() const { return read_link_at(fd_.get(), ""); }

UniqueFd HeldObject::open_for_flags() const {
    if (!S_ISREG(status_.st_mode) && !S_ISDIR(status_.st_mode)) return {};
    return open(O_RDONLY | O_NOATIME);
}

UniqueFd HeldObject::open(int flags, LeasePatience& patience) const {
    try {
        UniqueFd fd = open_leased(AT_FDCWD, magic_link(), flags, patience);
        if (!fd) throw SysError{errno, "open", name_};
        return fd;
    } catch (const LeaseKept&) {
        throw LeaseKept{name_}; // not the magic link
    }
}

unsigned HeldObject::read_flags() const {
    const UniqueFd fd = open_for_flags();
    return fd ? read_inode_flags(fd.get()) : 0;
}

bool HeldObject::set_flags(unsigned wanted) const {
    const UniqueFd fd = open_for_flags();
    return fd ? set_inode_flags(fd.get(), wanted) : wanted == 0;
}

} // namespace disco::sys
