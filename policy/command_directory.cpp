#include "policy/command_directory.hpp"

#include "policy/policy_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/setting_lines.hpp"
#include "runner/sys/text_lines.hpp"

#include <cerrno>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::policy {
namespace {

/// Symlinks in one directory. Those that lead to one place are one inode with many names: making and removing
/// inodes takes most of the time.
class Links {
public:
    Links(int directory, std::string common) : directory_{directory}, common_{std::move(common)} {}

    /// False when there is something of this name.
    bool make(const std::string& name, const std::string& target) {
        const bool common = target == common_;
        // An inode has only so many names, and some file systems give it one.
        if (common && !first_.empty() &&
            ::linkat(directory_, first_.c_str(), directory_, name.c_str(), 0) == 0)
            return true;
        if (::symlinkat(target.c_str(), directory_, name.c_str()) != 0) {
            if (errno == EEXIST) return false;
            throw sys::SysError{errno, "make a symlink for the command", name};
        }
        if (common) first_ = name;
        return true;
    }

private:
    int directory_;
    std::string common_; ///< where most of them lead
    std::string first_;  ///< of those; empty: none yet
};

} // namespace

std::set<std::string> parse_allow_list(std::string_view text, std::string_view file) {
    std::set<std::string> names;
    sys::read_setting_lines(text, file, [&](const sys::SettingLine& line) {
        const std::string_view name = line.text;
        if (name.find('/') != std::string_view::npos || sys::words_of(name).size() != 1 || name == "." ||
            name == "..")
            throw sys::BadConfiguration{fmt::format(
                "'{}' is not the plain name of a command (one a line, without a path or arguments)",
                sys::printable(name))};
        names.emplace(name);
    });
    return names;
}

std::set<std::string> load_allow_list(const std::filesystem::path& lib) {
    std::set<std::string> allowed;
    for (const auto& [name, file] : effective_files(lib, override_directory, "restricted.d"))
        allowed.merge(parse_allow_list(sys::read_file(file), file.string()));
    return allowed;
}

std::size_t make_command_directory(int root, const std::set<std::string>& allowed, const std::string& shim,
                                   const std::filesystem::path& directory) {
    const sys::UniqueFd to = sys::open_directory(directory);
    Links links{to.get(), shim};
    std::size_t made = 0;
    std::set<std::pair<dev_t, ino_t>> seen; // "/bin" is "/usr/bin", mostly
    for (const char* searched : command_directories) {
        const sys::UniqueFd from = sys::try_open_in_root(root, searched, O_RDONLY | O_DIRECTORY);
        if (!from) continue;
        struct stat status = {};
        sys::check(::fstat(from.get(), &status), "stat", searched);
        if (!seen.emplace(status.st_dev, status.st_ino).second) continue;
        for (const sys::DirectoryEntry& entry : sys::list_directory(from.get(), searched)) {
            if (entry.type != DT_REG && entry.type != DT_LNK) continue;
            const std::string target =
                allowed.contains(entry.name) ? fmt::format("{}/{}", searched, entry.name) : shim;
            if (links.make(entry.name, target)) ++made;
        }
    }
    // disco's own, beside the shim; by the name of disco-fail that makes who calls it fail
    // (templates/prelude.bash).
    const std::string beside = shim.substr(0, shim.rfind('/') + 1);
    for (const auto& [name, target] :
         {std::pair{"disco-defer", beside + "disco-defer"}, std::pair{"disco-param", beside + "disco-param"},
          std::pair{"disco-fail", shim}})
        links.make(name, target);
    return made;
}

CommandStamp command_stamp(int root) {
    CommandStamp stamp = {};
    for (std::size_t i = 0; i < command_directories.size(); ++i) {
        const sys::UniqueFd at = sys::try_open_in_root(root, command_directories[i], O_PATH | O_DIRECTORY);
        struct stat status = {};
        if (!at) continue;
        sys::check(::fstat(at.get(), &status), "stat", command_directories[i]);
        stamp[i] = {status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                    status.st_ctim.tv_nsec};
    }
    return stamp;
}

} // namespace disco::policy
