#include "runner/dance/guard_traces.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace disco::dance {
namespace {

class Walk {
public:
    Walk(const GuardedLayer& layer, const sandbox::ViewSpec::Guard& guard, std::string_view guard_bytes)
        : layer_{layer}, guard_{guard}, guard_bytes_{guard_bytes} {}

    void directory(int fd, const std::string& path) {
        for (const sys::DirectoryEntry& entry :
             sys::list_directory(fd, layer_.upper / path.substr(path.empty() ? 0 : 1))) {
            const std::string below = path + "/" + entry.name;
            if (entry.type == DT_DIR) {
                const sys::UniqueFd child{
                    ::openat(fd, entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
                if (!child) throw sys::SysError{errno, "open directory", below};
                directory(child.get(), below);
            } else if (entry.type == DT_REG) {
                file(fd, entry.name, below);
            }
        }
    }
    [[nodiscard]] std::vector<std::string> take() { return std::move(copies_); }

private:
    void file(int directory, const std::string& name, const std::string& path) {
        struct stat status = {};
        sys::check(::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW), "stat", path);
        if (static_cast<std::size_t>(status.st_size) != guard_bytes_.size()) return;
        const sys::UniqueFd fd{
            ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
        if (!fd) throw sys::SysError{errno, "open", path};
        if (sys::read_all(fd.get(), path, guard_bytes_.size()) != guard_bytes_) return;
        const bool guarded = std::any_of(guard_.files.begin(), guard_.files.end(),
                                         [&](const auto& entry) { return entry.path == path; });
        if (guarded)
            put_back(directory, name, path, status);
        else
            copies_.push_back(layer_.prefix + path);
    }

    void put_back(int directory, const std::string& name, const std::string& path,
                  const struct stat& status) {
        struct stat below = {};
        std::filesystem::path original = layer_.kept / path.substr(1);
        if (layer_.kept.empty() || ::lstat(original.c_str(), &below) != 0) {
            original = layer_.live / path.substr(1);
            sys::check(::lstat(original.c_str(), &below), "stat", original);
        }
        if (!S_ISREG(below.st_mode)) {
            sys::check(::unlinkat(directory, name.c_str(), 0), "remove", path);
            return;
        }
        const sys::UniqueFd from{::open(original.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
        if (!from) throw sys::SysError{errno, "open", original};
        const sys::UniqueFd to{
            ::openat(directory, name.c_str(), O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)};
        if (!to) throw sys::SysError{errno, "open", path};
        constexpr std::size_t largest_command = std::size_t{1} << 30;
        sys::write_all(to.get(), sys::read_all(from.get(), original, largest_command), path);
        // Writing has dropped the set-id bits. The origin is the guard's, which is nothing to be checked by.
        sys::check(::fchmod(to.get(), status.st_mode & 07777), "set the mode of", path);
        ::fremovexattr(to.get(), "trusted.overlay.origin");
        const struct timespec times[2] = {status.st_atim, status.st_mtim};
        sys::check(::futimens(to.get(), times), "set the times of", path);
    }

    const GuardedLayer& layer_;
    const sandbox::ViewSpec::Guard& guard_;
    std::string_view guard_bytes_;
    std::vector<std::string> copies_;
};

} // namespace

std::vector<std::string> remove_guard_traces(const GuardedLayer& layer, const sandbox::ViewSpec::Guard& guard,
                                             std::string_view guard_bytes) {
    const sys::UniqueFd top = sys::open_directory(layer.upper);
    Walk walk{layer, guard, guard_bytes};
    walk.directory(top.get(), {});
    return walk.take();
}

} // namespace disco::dance
