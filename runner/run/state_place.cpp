#include "runner/run/state_place.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/mounts.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <fmt/format.h>

namespace disco::run {
namespace {

constexpr long fuse = 0x65735546;

enum class Kind { kernel, network, plain };
struct FileSystem {
    long type;
    const char* name;
    Kind kind;
};

// Those that linux/magic.h lacks have their number here.
constexpr std::array<FileSystem, 37> refused = {{
    {PROC_SUPER_MAGIC, "proc", Kind::kernel},
    {SYSFS_MAGIC, "sysfs", Kind::kernel},
    {CGROUP_SUPER_MAGIC, "cgroup", Kind::kernel},
    {CGROUP2_SUPER_MAGIC, "cgroup2", Kind::kernel},
    {DEBUGFS_MAGIC, "debugfs", Kind::kernel},
    {TRACEFS_MAGIC, "tracefs", Kind::kernel},
    {SECURITYFS_MAGIC, "securityfs", Kind::kernel},
    {SELINUX_MAGIC, "selinuxfs", Kind::kernel},
    {SMACK_MAGIC, "smackfs", Kind::kernel},
    {BPF_FS_MAGIC, "bpf", Kind::kernel},
    {DEVPTS_SUPER_MAGIC, "devpts", Kind::kernel},
    {EFIVARFS_MAGIC, "efivarfs", Kind::kernel},
    {PSTOREFS_MAGIC, "pstore", Kind::kernel},
    {HUGETLBFS_MAGIC, "hugetlbfs", Kind::kernel},
    {BINFMTFS_MAGIC, "binfmt_misc", Kind::kernel},
    {AUTOFS_SUPER_MAGIC, "autofs", Kind::kernel},
    {NSFS_MAGIC, "nsfs", Kind::kernel},
    {RDTGROUP_SUPER_MAGIC, "resctrl", Kind::kernel},
    {0x62656570, "configfs", Kind::kernel},
    {0x19800202, "mqueue", Kind::kernel},
    {0x65735543, "fusectl", Kind::kernel},
    {NFS_SUPER_MAGIC, "nfs", Kind::network},
    {SMB_SUPER_MAGIC, "smb", Kind::network},
    {0xFF534D42, "cifs", Kind::network},
    {0xFE534D42, "smb", Kind::network},
    {0x00C36400, "ceph", Kind::network},
    {V9FS_MAGIC, "9p", Kind::network},
    {AFS_SUPER_MAGIC, "afs", Kind::network},
    {AFS_FS_MAGIC, "afs", Kind::network},
    {CODA_SUPER_MAGIC, "coda", Kind::network},
    {0x0BD00BD0, "lustre", Kind::network},
    {0x47504653, "gpfs", Kind::network},
    {fuse, "fuse", Kind::plain}, // sshfs, glusterfs, ntfs-3g …
    {MSDOS_SUPER_MAGIC, "vfat", Kind::plain},
    {0x2011BAB0, "exfat", Kind::plain},
    {ISOFS_SUPER_MAGIC, "iso9660", Kind::plain},
    {SQUASHFS_MAGIC, "squashfs", Kind::plain},
}};

/// A virtual machine's own disk, in a way, that has the same number as file systems by FUSE.
bool is_virtiofs(const std::filesystem::path& path) {
    struct statx status = {};
    if (::statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID, &status) != 0) return false;
    const std::vector<sys::Mount> mounts = sys::read_mounts();
    return std::any_of(mounts.begin(), mounts.end(), [&](const sys::Mount& mount) {
        return static_cast<std::uint64_t>(mount.id) == status.stx_mnt_id && mount.type == "virtiofs";
    });
}

} // namespace

std::optional<std::string> objection_to_state_on(long type, bool readonly) {
    const auto found =
        std::find_if(refused.begin(), refused.end(), [&](const FileSystem& one) { return one.type == type; });
    if (found != refused.end()) {
        switch (found->kind) {
        case Kind::kernel:
            return fmt::format("it is on {}, which is the kernel's and keeps no files", found->name);
        case Kind::network:
            return fmt::format(
                "it is on {}, a network file system, which cannot hold the layers of an overlay",
                found->name);
        case Kind::plain:
            return fmt::format("it is on {}, which cannot hold the layers of an overlay", found->name);
        }
    }
    if (readonly) return "its file system is read-only";
    return std::nullopt;
}

void require_state_place(const std::filesystem::path& path) {
    struct statfs status = {};
    std::filesystem::path at = std::filesystem::absolute(path).lexically_normal();
    while (::statfs(at.c_str(), &status) != 0) {
        if (errno != ENOENT || !at.has_relative_path())
            throw sys::SysError{errno, "look at the file system of", at};
        at = at.parent_path();
    }
    const bool virtiofs = status.f_type == fuse && is_virtiofs(at);
    const auto objection =
        objection_to_state_on(virtiofs ? 0 : status.f_type, (status.f_flags & ST_RDONLY) != 0);
    if (!objection) return;
    throw sys::BadConfiguration{fmt::format(
        "cannot keep the state in '{}': {}; let --state-dir be a directory on a disk of this machine "
        "(ext4, xfs or btrfs) or on a tmpfs",
        sys::printable(path.string()), *objection)};
}

} // namespace disco::run
