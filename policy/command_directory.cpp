#include "policy/command_directory.hpp"

#include "policy/policy_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::policy {
std::set<std::string> parse_allow_list(std::string_view text, std::string_view file) {
    std::set<std::string> names;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        line = line.substr(0, line.find('#'));
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
            line.remove_suffix(1);
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
        if (line.empty()) continue;
        if (line.find_first_of("/ \t") != std::string_view::npos || line == "." || line == "..")
            throw sys::BadConfiguration{
                fmt::format("{}:{}: '{}' is not the plain name of a command (one a line, without a path "
                            "or arguments)",
                            file, number, sys::printable(line))};
        names.emplace(line);
    }
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
            if (::symlinkat(target.c_str(), to.get(), entry.name.c_str()) == 0)
                ++made;
            else if (errno != EEXIST)
                throw sys::SysError{errno, "make a symlink for the command", entry.name};
        }
    }
    // disco's own, beside the shim; by the name of disco-fail that makes who calls it fail
    // (templates/prelude.bash).
    const std::string beside = shim.substr(0, shim.rfind('/') + 1);
    for (const auto& [name, target] :
         {std::pair{"disco-defer", beside + "disco-defer"}, std::pair{"disco-param", beside + "disco-param"},
          std::pair{"disco-fail", shim}})
        if (::symlinkat(target.c_str(), to.get(), name) != 0 && errno != EEXIST)
            throw sys::SysError{errno, "make a symlink for the command", name};
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
