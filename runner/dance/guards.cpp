#include "runner/dance/guards.hpp"

#include "policy/command_directory.hpp"
#include "runner/overlay/layers.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <set>
#include <tuple>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::dance {
namespace {

using Guard = sandbox::ViewSpec::Guard;

class Finder {
public:
    Finder(const std::filesystem::path& root, const std::vector<overlay::ClassifiedMount>& managed,
           const policy::GuardedCommands& commands)
        : root_{root}, managed_{managed}, commands_{commands}, runnable_{commands.runnable()} {
        guards_.by_mount.resize(managed.size());
    }

    Guards find() {
        const sys::UniqueFd tree = sys::open_directory(root_);
        for (const char* directory : policy::command_directories) {
            // Where /bin is a link to usr/bin, its commands are found there.
            sys::UniqueFd fd;
            try {
                fd = sys::try_open_beneath(tree.get(), directory + 1, O_PATH | O_DIRECTORY);
            } catch (const sys::SysError& error) {
                if (error.code() != ELOOP) throw;
            }
            if (!fd) continue;
            for (const std::string& name : commands_.names()) look_at(tree.get(), fd.get(), directory, name);
        }
        return std::move(guards_);
    }

private:
    void look_at(int tree, int directory, const std::string& where, const std::string& name) {
        struct stat status = {};
        if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
        const std::string inside = where + "/" + name;
        const sys::UniqueFd real = sys::try_open_in_root(tree, inside, O_PATH);
        if (!real || ::fstat(real.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
            (status.st_mode & 0111) == 0)
            return;
        const std::string host = host_path(real.get());
        if (runnable_.erase(name) != 0) guards_.real.push_back(host);
        const std::size_t mount = mount_of(inside);
        Guard& guard = guards_.by_mount[mount];
        if (guard.directory.empty()) guard.directory = fmt::format("{}{}", overlay::place::guard, mount);
        const std::string& top = managed_[mount].inside;
        add_directories(guard, top, where);
        Guard::Entry entry = {inside.substr(top.size()), host, {}};
        // Many guards are one file, where what they stand for looks the same.
        if (::llistxattr(host.c_str(), nullptr, 0) == 0) {
            auto& first = alike_[{mount, status.st_mode, status.st_uid, status.st_gid}];
            entry.link = first;
            if (first.empty()) first = entry.path;
        }
        guard.files.push_back(std::move(entry));
    }

    static std::string host_path(int fd) {
        std::array<char, 4096> path = {};
        const std::string link = fmt::format("/proc/self/fd/{}", fd);
        const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
        sys::check(size, "find the path of a guarded command", link);
        return {path.data(), static_cast<std::size_t>(size)};
    }

    [[nodiscard]] std::size_t mount_of(const std::string& inside) const {
        std::size_t best = 0;
        for (std::size_t mount = 1; mount < managed_.size(); ++mount)
            if (inside.starts_with(managed_[mount].inside + "/") &&
                managed_[mount].inside.size() > managed_[best].inside.size())
                best = mount;
        return best;
    }

    void add_directories(Guard& guard, const std::string& top, const std::string& where) {
        if (!where.starts_with(top)) return;
        const std::string relative = where.substr(top.size());
        for (std::size_t end = relative.find('/', 1); !relative.empty(); end = relative.find('/', end + 1)) {
            const std::string path = relative.substr(0, end);
            const bool known = std::any_of(guard.directories.begin(), guard.directories.end(),
                                           [&](const Guard::Entry& entry) { return entry.path == path; });
            if (!known)
                guard.directories.push_back(
                    {path, root_.native() == "/" ? top + path : root_.native() + top + path, {}});
            if (end == std::string::npos) break;
        }
    }

    const std::filesystem::path& root_;
    const std::vector<overlay::ClassifiedMount>& managed_;
    const policy::GuardedCommands& commands_;
    std::set<std::string> runnable_; ///< not found yet
    std::map<std::tuple<std::size_t, mode_t, uid_t, gid_t>, std::string> alike_;
    Guards guards_;
};

} // namespace

Guards find_guards(const std::filesystem::path& root, const std::vector<overlay::ClassifiedMount>& managed,
                   const policy::GuardedCommands& commands) {
    return Finder{root, managed, commands}.find();
}

} // namespace disco::dance
