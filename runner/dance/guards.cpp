#include "runner/dance/guards.hpp"

#include "policy/command_directory.hpp"
#include "runner/overlay/layers.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::dance {
namespace {

using Guard = sandbox::ViewSpec::Guard;

std::size_t mount_of(const std::vector<overlay::ClassifiedMount>& managed, const std::string& inside) {
    std::size_t best = 0;
    for (std::size_t mount = 1; mount < managed.size(); ++mount)
        if (inside.starts_with(managed[mount].inside + "/") &&
            managed[mount].inside.size() > managed[best].inside.size())
            best = mount;
    return best;
}

/// Finds a command's program, whatever links lead to it: an O_PATH descriptor, or none.
using Resolve = std::function<sys::UniqueFd(const std::string& inside)>;

/// Looks in directories of commands for guarded ones.
class Finder {
public:
    /// `layers`: directories that hold what is looked at, one for each managed mount. `place`: where the
    /// guards go, with the mount's number.
    Finder(const std::vector<overlay::ClassifiedMount>& managed, std::vector<std::filesystem::path> layers,
           const char* place, const policy::GuardedCommands& commands, Resolve resolve)
        : managed_{managed},
          layers_{std::move(layers)},
          place_{place},
          commands_{commands},
          resolve_{std::move(resolve)},
          runnable_{commands.runnable()} {
        guards_.by_mount.resize(managed.size());
    }

    Guards find() {
        for (const char* directory : policy::command_directories) {
            const std::size_t mount = mount_of(managed_, std::string{directory} + "/x");
            const std::string& top = managed_[mount].inside;
            const std::filesystem::path relative{directory +
                                                 std::min(top.size() + 1, std::strlen(directory))};
            const sys::UniqueFd layer = sys::open_directory(layers_[mount]);
            // Where /bin is a link to usr/bin, its commands are found there.
            sys::UniqueFd fd;
            try {
                fd = sys::try_open_beneath(layer.get(), relative.empty() ? "." : relative,
                                           O_PATH | O_DIRECTORY);
            } catch (const sys::SysError& error) {
                if (error.code() != ELOOP) throw;
            }
            if (!fd) continue;
            for (const std::string& name : commands_.names()) look_at(mount, fd.get(), directory, name);
        }
        return std::move(guards_);
    }

private:
    void look_at(std::size_t mount, int directory, const std::string& where, const std::string& name) {
        struct stat status = {};
        if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
        if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) return; // a whiteout, say
        const std::string inside = where + "/" + name;
        const sys::UniqueFd real = resolve_(inside);
        if (!real || ::fstat(real.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
            (status.st_mode & 0111) == 0)
            return;
        const std::string host = host_path(real.get());
        if (runnable_.erase(name) != 0 &&
            std::find(guards_.real.begin(), guards_.real.end(), host) == guards_.real.end())
            guards_.real.push_back(host);
        Guard& guard = guards_.by_mount[mount];
        if (guard.directory.empty()) guard.directory = fmt::format("{}{}", place_, mount);
        const std::string& top = managed_[mount].inside;
        add_directories(guard, mount, where.substr(top.size()));
        // Each is a file of its own: were two of them links, a script that changes one would change both.
        guard.files.push_back({inside.substr(top.size()), host});
    }

    static std::string host_path(int fd) {
        std::array<char, 4096> path = {};
        const std::string link = fmt::format("/proc/self/fd/{}", fd);
        const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
        sys::check(size, "find the path of a guarded command", link);
        return {path.data(), static_cast<std::size_t>(size)};
    }

    void add_directories(Guard& guard, std::size_t mount, const std::string& relative) {
        for (std::size_t end = relative.find('/', 1); !relative.empty(); end = relative.find('/', end + 1)) {
            const std::string path = relative.substr(0, end);
            const bool known = std::any_of(guard.directories.begin(), guard.directories.end(),
                                           [&](const Guard::Entry& entry) { return entry.path == path; });
            if (!known) guard.directories.push_back({path, layers_[mount] / path.substr(1)});
            if (end == std::string::npos) break;
        }
    }

    const std::vector<overlay::ClassifiedMount>& managed_;
    std::vector<std::filesystem::path> layers_;
    const char* place_;
    const policy::GuardedCommands& commands_;
    Resolve resolve_;
    std::set<std::string> runnable_; ///< not found yet
    Guards guards_;
};

/// The merged view is mounted nowhere that this process could look, so links of the kept layer are followed
/// step by step: in the kept layer, and where that has nothing, in the live root.
class KeptResolver {
public:
    KeptResolver(const std::filesystem::path& root, const std::vector<overlay::ClassifiedMount>& managed,
                 const std::vector<std::filesystem::path>& kept)
        : live_{sys::open_directory(root)}, managed_{managed}, kept_{kept} {}

    sys::UniqueFd operator()(const std::string& inside) const {
        std::string path = inside;
        for (int links = 0; links < 40; ++links) { // as the kernel's own limit
            const std::size_t mount = mount_of(managed_, path);
            const std::filesystem::path at = kept_[mount] / path.substr(managed_[mount].inside.size() + 1);
            struct stat status = {};
            if (::lstat(at.c_str(), &status) != 0) return sys::try_open_in_root(live_.get(), path, O_PATH);
            if (!S_ISLNK(status.st_mode))
                return sys::UniqueFd{::open(at.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
            const std::filesystem::path target = std::filesystem::read_symlink(at);
            path = (std::filesystem::path{path}.parent_path() / target).lexically_normal();
        }
        return {};
    }

private:
    sys::UniqueFd live_;
    const std::vector<overlay::ClassifiedMount>& managed_;
    const std::vector<std::filesystem::path>& kept_;
};

} // namespace

Guards find_guards(const std::filesystem::path& root, const std::vector<overlay::ClassifiedMount>& managed,
                   const policy::GuardedCommands& commands) {
    const sys::UniqueFd tree = sys::open_directory(root);
    std::vector<std::filesystem::path> live;
    for (const overlay::ClassifiedMount& mount : managed) live.push_back(mount.live);
    return Finder{
        managed, std::move(live), overlay::place::guard, commands,
        [&](const std::string& inside) { return sys::try_open_in_root(tree.get(), inside, O_PATH); }}
        .find();
}

Guards find_kept_guards(const std::filesystem::path& root,
                        const std::vector<overlay::ClassifiedMount>& managed,
                        const std::vector<std::filesystem::path>& kept,
                        const policy::GuardedCommands& commands) {
    const KeptResolver resolver{root, managed, kept};
    return Finder{managed, kept, overlay::place::kept_guard, commands,
                  [&](const std::string& inside) { return resolver(inside); }}
        .find();
}

} // namespace disco::dance
