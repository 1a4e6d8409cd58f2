#include "runner/border/private_files.hpp"

#include "runner/model/view_layout.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text.hpp"

#include <cerrno>
#include <filesystem>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::border {
bool is_private(const std::string& path, RunDirectory run) {
    if (run == RunDirectory::gone && sys::is_below(path, "/run")) return true;
    for (const char* own : {"/tmp", "/dev/shm", model::view_layout::directory,
                            model::view_layout::broker_directory, model::view_layout::state})
        if (sys::is_below(path, own)) return true;
    return false;
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
    const std::string place = fmt::format("/proc/{}/root", process);
    const sys::UniqueFd root{::open(place.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!root) throw sys::SysError{errno, "look at the files of who asks", place};
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
