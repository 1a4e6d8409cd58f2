#include "runner/sandbox/proc_settings.hpp"

#include "runner/sys/files.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

namespace disco::sandbox {
namespace {

constexpr mode_t writable = S_IWUSR | S_IWGRP | S_IWOTH;

/// What goes away while it is looked at (a module is unloaded) is no setting.
bool is_setting(int directory, const sys::DirectoryEntry& entry, const std::filesystem::path& name) {
    if (entry.type == DT_REG) {
        const auto status = sys::stat_at(directory, entry.name);
        return status && (status->st_mode & writable) != 0;
    }
    if (entry.type != DT_DIR) return false;
    const sys::UniqueFd inside{
        ::openat(directory, entry.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!inside) return false;
    const auto entries = sys::list_directory(inside.get(), name / entry.name);
    return std::any_of(entries.begin(), entries.end(), [&](const sys::DirectoryEntry& below) {
        return is_setting(inside.get(), below, name / entry.name);
    });
}

bool is_process(std::string_view name) {
    return name.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace

std::vector<std::string> settings_in_proc(const std::filesystem::path& proc) {
    const sys::UniqueFd directory = sys::open_directory(proc);
    std::vector<std::string> settings;
    // The processes come last, and there may be thousands.
    for (const sys::DirectoryEntry& entry : sys::list_directory(directory.get(), proc, is_process))
        if (entry.name != "pressure" && is_setting(directory.get(), entry, proc))
            settings.push_back("/" + entry.name);
    return settings;
}

bool pid_max_is_per_namespace() {
    struct utsname name = {};
    int major = 0, minor = 0;
    if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
    return std::pair{major, minor} >= std::pair{6, 14};
}

} // namespace disco::sandbox
