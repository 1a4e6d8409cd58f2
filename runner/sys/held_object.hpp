#pragma once

#include "runner/sys/leased_file.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace disco::sys {

/// One object of any type, held by a descriptor (O_PATH): what is read of it, compared and changed is this
/// one, whatever happens to its name. Whoever owns a directory may put another object, or a symlink, under a
/// name in it between any two calls. Throws SysError.
class HeldObject {
public:
    /// Follows no symlink and crosses no mount: what is mounted on the name is EXDEV. `name`: one component,
    /// or "." for the directory itself.
    HeldObject(int directory, const std::filesystem::path& name);

    /// As it was when it was opened.
    [[nodiscard]] const struct stat& status() const noexcept { return status_; }
    /// fstat(2), anew.
    [[nodiscard]] struct stat status_now() const;
    [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }
    [[nodiscard]] const std::filesystem::path& name() const noexcept { return name_; }

    /// Opens it, a file or a directory, for reading, and waits while somebody has a lease on it. Throws
    /// LeaseKept; Interrupted.
    [[nodiscard]] UniqueFd open(int flags, LeasePatience& patience = LeasePatience::of_process()) const;
    /// Of a symlink.
    [[nodiscard]] std::string read_link() const;

    void set_owner(uid_t uid, gid_t gid) const;
    /// ELOOP for a symlink, which has none.
    void set_mode(mode_t mode) const;
    void set_times(const timespec& accessed, const timespec& modified) const;
    [[nodiscard]] Xattrs read_xattrs() const;
    /// See replace_xattrs_at.
    void replace_xattrs(const Xattrs& wanted,
                        bool (*untouched)(const std::string& attribute) = nullptr) const;
    /// See inode_flags.hpp; 0 for all but files and directories.
    [[nodiscard]] unsigned read_flags() const;
    bool set_flags(unsigned wanted) const;

private:
    /// Leads to the object itself, also to a symlink.
    [[nodiscard]] std::string magic_link() const;
    /// Opens a file or a directory for ioctl(2); empty for all else.
    [[nodiscard]] UniqueFd open_for_flags() const;

    std::filesystem::path name_;
    UniqueFd fd_;
    struct stat status_ = {};
};

} // namespace disco::sys
