// Performs a list of operations on the files below its root directory and prints what each came to:
//     property_payload furnish|work FILE
// `furnish` has all of root's rights and afterwards dates everything, for a tree to begin with; `work` has
// those of a script, so that what it does natively and what it does in a sandbox can be compared.

#include "tests/property/operation.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace {

using disco::property::Act;
using disco::property::Operation;

int result_of(long result) { return result < 0 ? errno : 0; }

/// An open file, or the reason why there is none.
class File {
public:
    /// Devices are as in a sandbox: not to be opened.
    File(const std::string& path, int flags, mode_t mode = 0)
        : fd_{is_device(path) ? -1 : ::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode)},
          error_{fd_ < 0 ? errno : 0} {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] int error() const { return error_; }

private:
    static bool is_device(const std::string& path) {
        struct stat status = {};
        if (::lstat(path.c_str(), &status) != 0 || (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode)))
            return false;
        errno = EACCES;
        return true;
    }
    int fd_, error_;
};

/// While data are written: as root in a user namespace, who takes away set-user-ID and set-group-ID bits so.
class WithoutSetId {
public:
    WithoutSetId() {
        ::syscall(SYS_capget, &header_, before_);
        struct __user_cap_data_struct data[2] = {before_[0], before_[1]};
        data[0].effective &= ~(1U << CAP_FSETID);
        ::syscall(SYS_capset, &header_, data);
    }
    WithoutSetId(const WithoutSetId&) = delete;
    WithoutSetId& operator=(const WithoutSetId&) = delete;
    ~WithoutSetId() { ::syscall(SYS_capset, &header_, before_); }

private:
    struct __user_cap_header_struct header_ = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct before_[2] = {};
};

/// `count` bytes that depend on where they are, so that a shift would be seen.
int fill(int fd, std::uint64_t offset, std::uint64_t count, std::uint64_t salt) {
    std::string bytes(count, '\0');
    for (std::uint64_t i = 0; i < count; ++i) bytes[i] = static_cast<char>('a' + (offset + i + salt) % 23);
    const ssize_t wrote = ::pwrite(fd, bytes.data(), count, static_cast<off_t>(offset));
    return wrote < 0 ? errno : 0;
}

int set_acl(const Operation& op, const char* attribute) {
    struct Entry {
        std::uint16_t tag, permissions;
        std::uint32_t id;
    };
    constexpr std::uint16_t user_owner = 1, user = 2, group_owner = 4, mask = 0x10, other = 0x20;
    constexpr std::uint32_t nobody = ~0U;
    const auto named = static_cast<std::uint16_t>(op.numbers[0] & 7),
               others = static_cast<std::uint16_t>(op.numbers[1] & 7);
    const Entry entries[] = {{user_owner, 7, nobody},
                             {user, named, disco::property::ordinary_user},
                             {group_owner, 5, nobody},
                             {mask, 7, nobody},
                             {other, others, nobody}};
    std::string value(4, '\0');
    value[0] = 2; // the version
    value.append(reinterpret_cast<const char*>(entries), sizeof entries);
    return result_of(::lsetxattr(op.path.c_str(), attribute, value.data(), value.size(), 0));
}

int set_capability(const Operation& op) {
    const std::uint32_t value[5] = {0x02000001U, static_cast<std::uint32_t>(op.numbers[0]), 0, 0, 0};
    return result_of(::lsetxattr(op.path.c_str(), "security.capability", value, sizeof value, 0));
}

int least_error = 0; ///< of remove_tree: the least of all, as directories have no order

int remove_entry(const char* path, const struct stat*, int, struct FTW*) {
    if (::remove(path) != 0 && (least_error == 0 || errno < least_error)) least_error = errno;
    return 0;
}

int remove_tree(const std::string& path) {
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) return errno;
    least_error = 0;
    ::nftw(path.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return least_error;
}

int replace(const Operation& op) {
    const File from{op.path, O_RDONLY};
    if (from.error() != 0) return from.error();
    struct stat status = {};
    if (::fstat(from.fd(), &status) != 0) return errno;
    if (!S_ISREG(status.st_mode)) return EINVAL;
    {
        const File to{op.other, O_WRONLY | O_CREAT | O_EXCL, 0600};
        if (to.error() != 0) return to.error();
        char buffer[65536];
        for (ssize_t got = 0; (got = ::read(from.fd(), buffer, sizeof buffer)) > 0;)
            if (::write(to.fd(), buffer, static_cast<std::size_t>(got)) != got) return errno;
        if (::fchmod(to.fd(), status.st_mode & 07777) != 0) return errno;
    }
    return result_of(::rename(op.other.c_str(), op.path.c_str()));
}

int set_flags(const Operation& op) {
    const File file{op.path, O_RDONLY};
    if (file.error() != 0) return file.error();
    int flags = 0; // declared with long, and takes an int (ioctl_iflags(2))
    if (::ioctl(file.fd(), FS_IOC_GETFLAGS, &flags) != 0) return errno;
    flags ^= static_cast<int>(op.numbers[0]);
    return result_of(::ioctl(file.fd(), FS_IOC_SETFLAGS, &flags));
}

int write_to(const Operation& op, int flags, mode_t mode, std::uint64_t offset, std::uint64_t count) {
    struct stat status = {};
    std::optional<WithoutSetId> writing; // O_TRUNC writes, too, but what makes a file may set bits
    if ((flags & O_CREAT) == 0 || ::lstat(op.path.c_str(), &status) == 0) writing.emplace();
    const File file{op.path, flags, mode};
    if (file.error() != 0) return file.error();
    if (!writing) writing.emplace();
    if ((flags & O_APPEND) != 0) {
        const std::string bytes(count, '+');
        return ::write(file.fd(), bytes.data(), count) < 0 ? errno : 0;
    }
    return fill(file.fd(), offset, count, op.path.size());
}

/// Of symlinks: as the kernel has it. (The flag of fchmodat(3) needs /proc.)
int change_mode(const std::string& path, mode_t mode) {
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) return errno;
    return S_ISLNK(status.st_mode) ? EOPNOTSUPP : result_of(::chmod(path.c_str(), mode));
}

/// Overlayfs does not forgive the removal of an ACL that is not there; other file systems do.
int remove_xattr(const Operation& op) {
    const int error = result_of(::lremovexattr(op.path.c_str(), op.other.c_str()));
    return error == ENODATA && op.other.starts_with("system.posix_acl_") ? 0 : error;
}

int perform(const Operation& op) {
    const char* path = op.path.c_str();
    const char* other = op.other.c_str();
    const auto mode = static_cast<mode_t>(op.numbers[0]);
    switch (op.act) {
    case Act::create: return write_to(op, O_WRONLY | O_CREAT | O_EXCL, mode, 0, op.numbers[1]);
    case Act::overwrite: return write_to(op, O_WRONLY | O_CREAT | O_TRUNC, mode, 0, op.numbers[1]);
    case Act::write: return write_to(op, O_WRONLY, 0, op.numbers[0], op.numbers[1]);
    case Act::append: return write_to(op, O_WRONLY | O_APPEND, 0, 0, op.numbers[0]);
    case Act::open: return File{op.path, O_RDWR}.error();
    case Act::truncate: {
        const WithoutSetId writing;
        const File file{op.path, O_WRONLY};
        return file.error() != 0 ? file.error()
                                 : result_of(::ftruncate(file.fd(), static_cast<off_t>(op.numbers[0])));
    }
    case Act::punch: {
        const WithoutSetId writing;
        const File file{op.path, O_WRONLY};
        return file.error() != 0
                   ? file.error()
                   : result_of(::fallocate(file.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                           static_cast<off_t>(op.numbers[0]),
                                           static_cast<off_t>(op.numbers[1])));
    }
    case Act::make_directory: return result_of(::mkdir(path, mode));
    case Act::remove_directory: return result_of(::rmdir(path));
    case Act::unlink: return result_of(::unlink(path));
    case Act::remove_tree: return remove_tree(op.path);
    case Act::rename: return result_of(::rename(path, other));
    case Act::rename_noreplace:
        return result_of(::renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_NOREPLACE));
    case Act::exchange: return result_of(::renameat2(AT_FDCWD, path, AT_FDCWD, other, RENAME_EXCHANGE));
    case Act::link: return result_of(::linkat(AT_FDCWD, path, AT_FDCWD, other, 0));
    case Act::symlink: return result_of(::symlink(other, path));
    case Act::fifo: return result_of(::mknod(path, S_IFIFO | mode, 0));
    case Act::socket: return result_of(::mknod(path, S_IFSOCK | mode, 0));
    case Act::device: return result_of(::mknod(path, mode, op.numbers[1]));
    case Act::chmod: return change_mode(op.path, mode);
    case Act::chown:
        return result_of(
            ::lchown(path, static_cast<uid_t>(op.numbers[0]), static_cast<gid_t>(op.numbers[1])));
    case Act::set_xattr: return result_of(::lsetxattr(path, other, op.text.data(), op.text.size(), 0));
    case Act::remove_xattr: return remove_xattr(op);
    case Act::access_acl: return set_acl(op, "system.posix_acl_access");
    case Act::default_acl: return set_acl(op, "system.posix_acl_default");
    case Act::capability: return set_capability(op);
    case Act::set_times: {
        const struct timespec times[2] = {{static_cast<time_t>(op.numbers[0]), 0},
                                          {static_cast<time_t>(op.numbers[0]), 0}};
        return result_of(::utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
    }
    case Act::set_umask: ::umask(mode & 077); return 0;
    case Act::set_flags: return set_flags(op);
    case Act::replace: return replace(op);
    }
    return ENOSYS;
}

int date(const char* path, const struct stat*, int, struct FTW*) {
    time_t seconds = 900'000'000;
    for (const char* c = path; *c != '\0'; ++c) seconds += static_cast<unsigned char>(*c);
    const struct timespec times[2] = {{seconds, 0}, {seconds, 0}};
    return ::utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

/// The capabilities of a live script; see policy/profiles/live.json.
bool become_a_script() {
    constexpr int kept[] = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FSETID,  CAP_FOWNER,           CAP_MKNOD,
                            CAP_SETGID, CAP_SETUID,       CAP_SETFCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
                            CAP_KILL};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {};
    for (const int capability : kept) data[capability / 32].permitted |= 1U << (capability % 32);
    for (auto& one : data) one.effective = one.permitted;
    return ::syscall(SYS_capset, &header, data) == 0;
}

} // namespace

int main(int count, char** words) {
    if (count != 3) return 64;
    const bool furnish = std::strcmp(words[1], "furnish") == 0;
    std::ifstream file{words[2], std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    if (bytes.starts_with("#!"))
        bytes.erase(0, bytes.find('\n') + 1); // this program is the list's interpreter
    if (::setgroups(0, nullptr) != 0 || (!furnish && !become_a_script())) return 77;
    ::umask(022);
    if (::chdir("/") != 0) return 1;
    const auto operations = disco::property::parse(bytes);
    for (const Operation& op : operations) {
        if (op.as_user) {
            ::setfsgid(disco::property::ordinary_user);
            ::setfsuid(disco::property::ordinary_user);
        }
        const int error = perform(op);
        if (op.as_user) {
            ::setfsuid(0);
            ::setfsgid(0);
        }
        std::printf("%d\n", error);
    }
    if (furnish) {
        DIR* top = ::opendir(".");
        while (const dirent* entry = ::readdir(top))
            if (entry->d_name[0] == 't') ::nftw(entry->d_name, date, 16, FTW_DEPTH | FTW_PHYS);
        ::closedir(top);
        date("/", nullptr, 0, nullptr);
    }
    return 0;
}
