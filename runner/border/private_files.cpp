#include "runner/border/private_files.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

bool is_below(std::string_view path, std::string_view directory) {
    return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

} // namespace

bool is_private(const std::string& path, RunDirectory run) {
    if (run == RunDirectory::gone && is_below(path, "/run")) return true;
    return is_below(path, "/tmp") || is_below(path, "/dev/shm") || is_below(path, "/run/disco");
}

std::vector<std::string> paths_meant(const std::string& word, const std::string& directory) {
    std::vector<std::string> paths;
    const auto add = [&](std::string_view text) {
        if (text.empty()) return;
        const std::filesystem::path path{text};
        if (path.is_relative() && directory.empty()) return;
        paths.push_back((path.is_absolute() ? path : std::filesystem::path{directory} / path)
                            .lexically_normal()
                            .string());
    };
    add(word);
    if (const std::size_t equals = word.find('='); equals != std::string::npos)
        add(std::string_view{word}.substr(equals + 1));
    return paths;
}

std::optional<std::string> private_file(const std::vector<std::string>& argv, const std::string& directory,
                                        RunDirectory run, int process) {
    const sys::UniqueFd root{
        ::open(fmt::format("/proc/{}/root", process).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!root) return std::nullopt;
    for (const std::string& word : argv)
        for (const std::string& path : paths_meant(word, directory)) {
            if (!is_private(path, run) || path.find('\0') != std::string::npos) continue;
            try {
                if (sys::try_open_in_root(root.get(), path, O_PATH | O_NOFOLLOW)) return path;
            } catch (const sys::SysError&) { // a name that no file can have
            }
        }
    return std::nullopt;
}

} // namespace disco::border
