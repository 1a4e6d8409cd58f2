#include "runner/sys/inode_flags.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/leased_file.hpp"

#include <cerrno>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

namespace disco::sys {
namespace {

struct Letter {
    unsigned flag;
    char letter;
};
/// As in chattr(1).
constexpr Letter letters[] = {
    {FS_SECRM_FL, 's'},  {FS_UNRM_FL, 'u'},         {FS_SYNC_FL, 'S'},   {FS_DIRSYNC_FL, 'D'},
    {FS_NODUMP_FL, 'd'}, {FS_NOATIME_FL, 'A'},      {FS_COMPR_FL, 'c'},  {FS_NOCOMP_FL, 'm'},
    {FS_NOTAIL_FL, 't'}, {FS_JOURNAL_DATA_FL, 'j'}, {FS_TOPDIR_FL, 'T'}, {FS_NOCOW_FL, 'C'},
};

constexpr unsigned all_letters() {
    unsigned flags = 0;
    for (const Letter& one : letters) flags |= one.flag;
    return flags;
}

UniqueFd open_for_flags(int directory, const std::filesystem::path& name) {
    const auto status = stat_at(directory, name);
    if (!status || (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode))) return {};
    UniqueFd fd = open_leased(directory, name, O_RDONLY | O_NOFOLLOW | O_NOATIME);
    if (!fd) throw SysError{errno, "open", name};
    return fd;
}

} // namespace

const unsigned settable_flags = all_letters();
const unsigned copied_up_flags = FS_SYNC_FL | FS_NOATIME_FL;

unsigned read_inode_flags(int fd) noexcept {
    int flags = 0; // FS_IOC_GETFLAGS is declared with long, and takes an int (ioctl_iflags(2))
    if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) return 0;
    return static_cast<unsigned>(flags) & settable_flags;
}

unsigned read_inode_flags_at(int directory, const std::filesystem::path& name) {
    const UniqueFd fd = open_for_flags(directory, name);
    return fd ? read_inode_flags(fd.get()) : 0;
}

bool set_inode_flags(int fd, unsigned wanted) noexcept {
    int flags = 0;
    if (::ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0) return wanted == 0;
    const auto there = static_cast<unsigned>(flags);
    if ((there & settable_flags) == wanted) return true;
    flags = static_cast<int>((there & ~settable_flags) | wanted);
    return ::ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

bool set_inode_flags_at(int directory, const std::filesystem::path& name, unsigned wanted) {
    const UniqueFd fd = open_for_flags(directory, name);
    return fd ? set_inode_flags(fd.get(), wanted) : wanted == 0;
}

std::string inode_flags_text(unsigned flags) {
    std::string text;
    for (const Letter& one : letters)
        if ((flags & one.flag) != 0) text += one.letter;
    return text;
}

} // namespace disco::sys
