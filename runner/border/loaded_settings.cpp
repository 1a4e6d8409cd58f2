#include "runner/border/loaded_settings.hpp"

#include "runner/model/sysctl_file.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <array>
#include <filesystem>
#include <map>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

using Words = std::vector<std::string>;

/// A script chooses how many files there are, and how large they are.
constexpr std::size_t most_bytes = std::size_t{1} << 20, most_files = 1000;

/// What `--system` loads: of files of the same name the one in the first directory, all by their names, and
/// then the old file. Nothing where versions of sysctl differ in which directory is the first.
std::optional<Words> system_files(int root) {
    constexpr std::array<const char*, 5> directories = {
        "/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"};
    std::map<std::string, std::string> by_name;
    for (const std::string directory : directories) {
        const sys::UniqueFd opened = sys::try_open_in_root(root, directory, O_RDONLY | O_DIRECTORY);
        if (!opened) continue;
        std::size_t seen = 0;
        const auto is_end = [&](std::string_view) { return ++seen > most_files; };
        for (const sys::DirectoryEntry& entry : sys::list_directory(opened.get(), directory, is_end)) {
            if (!entry.name.ends_with(".conf")) continue;
            const auto [known, added] = by_name.emplace(entry.name, directory + "/" + entry.name);
            if (!added && directory == directories[1] && known->second.starts_with(directories[0]))
                return std::nullopt;
        }
        if (seen > most_files) return std::nullopt;
    }
    Words files;
    for (auto& [name, path] : by_name) files.push_back(std::move(path));
    constexpr const char* old = "/etc/sysctl.conf";
    if (sys::try_open_in_root(root, old, O_PATH)) files.emplace_back(old);
    return files;
}

/// A link to /dev/null stands for an empty file of that name.
bool is_null_device(const struct stat& status) {
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

std::optional<Words> assignments_in(int root, const Words& files, const std::string& directory) {
    Words all;
    std::size_t left = most_bytes;
    for (const std::string& file : files) {
        const std::string path = file.starts_with('/') ? file : directory + "/" + file;
        const sys::UniqueFd found = sys::try_open_in_root(root, path, O_PATH);
        struct stat status = {};
        if (!found || ::fstat(found.get(), &status) != 0) return std::nullopt;
        if (is_null_device(status)) continue;
        if (!S_ISREG(status.st_mode)) return std::nullopt;
        const sys::UniqueFd text = sys::reopen_regular(found.get(), path);
        const std::string lines = sys::read_all(text.get(), path, left);
        left -= lines.size();
        const auto assignments = model::assignments_of_sysctl_file(lines);
        if (!assignments) return std::nullopt;
        all.insert(all.end(), assignments->begin(), assignments->end());
    }
    return all;
}

} // namespace

Words with_those_of_devices(const Words& assignments) {
    struct Shared {
        std::string_view written, family, name;
    };
    constexpr std::array<Shared, 7> shared = {
        {{"net/ipv4/ip_forward", "net/ipv4/conf/", "/forwarding"},
         {"net/ipv4/conf/all/forwarding", "net/ipv4/conf/", "/forwarding"},
         {"net/ipv6/conf/all/forwarding", "net/ipv6/conf/", "/forwarding"},
         {"net/ipv6/conf/all/disable_ipv6", "net/ipv6/conf/", "/disable_ipv6"},
         {"net/ipv6/conf/all/disable_policy", "net/ipv6/conf/", "/disable_policy"},
         {"net/ipv6/conf/all/proxy_ndp", "net/ipv6/conf/", "/proxy_ndp"},
         {"net/ipv6/conf/all/ignore_routes_with_linkdown", "net/ipv6/conf/",
          "/ignore_routes_with_linkdown"}}};
    Words all = assignments;
    for (const std::string& assignment : assignments) {
        const std::size_t equals = assignment.find('=');
        const std::string path = model::sysctl_path(std::string_view{assignment}.substr(0, equals));
        for (const Shared& one : shared) {
            if (path != one.written || equals == std::string::npos) continue;
            const std::filesystem::path directory = std::filesystem::path{"/proc/sys"} / one.family;
            const sys::UniqueFd devices = sys::open_directory(directory);
            for (const sys::DirectoryEntry& device : sys::list_directory(devices.get(), directory))
                if (device.name != "default")
                    all.push_back(fmt::format("{}{}{}{}", one.family, device.name, one.name,
                                              assignment.substr(equals)));
        }
    }
    return all;
}

std::optional<Words> assignments_of(const Words& argv, const std::string& directory, int process) {
    if (const auto assigned = model::assigned_by_sysctl(argv)) return model::last_assignments(*assigned);
    const bool system = model::loads_system_settings(argv);
    auto files = system ? std::nullopt : model::files_loaded_by_sysctl(argv);
    if (!system && !files) return std::nullopt;
    try {
        const sys::UniqueFd root = sys::open_directory(fmt::format("/proc/{}/root", process));
        if (system) files = system_files(root.get());
        const auto all = files ? assignments_in(root.get(), *files, directory) : std::nullopt;
        if (!all) return std::nullopt;
        return model::last_assignments(*all);
    } catch (const sys::Error&) { // whatever it is, sysctl will say so
        return std::nullopt;
    }
}

} // namespace disco::border
