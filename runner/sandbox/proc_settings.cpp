#include "runner/sandbox/proc_settings.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace disco::sandbox {
namespace {

constexpr mode_t writable = S_IWUSR | S_IWGRP | S_IWOTH;

/// What goes away while it is looked at (a module is unloaded) is no setting.
bool is_setting(int directory, const sys::DirectoryEntry& entry, const std::filesystem::path& name) {
    if (entry.type == DT_REG) {
        struct stat status = {};
        return ::fstatat(directory, entry.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
               (status.st_mode & writable) != 0;
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

/// The entries before the first process: /proc lists the processes last, and there may be thousands.
std::vector<sys::DirectoryEntry> machine_entries(int proc, const std::filesystem::path& name) {
    std::vector<sys::DirectoryEntry> entries;
    alignas(dirent64) std::array<char, 2048> buffer; // NOLINT(*-member-init): the kernel fills it
    for (;;) {
        const ssize_t got = ::getdents64(proc, buffer.data(), buffer.size());
        if (got < 0) throw sys::SysError{errno, "read directory", name};
        if (got == 0) return entries;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
            at += entry->d_reclen;
            const std::string_view found{entry->d_name};
            if (found.find_first_not_of("0123456789") == std::string_view::npos) return entries;
            if (found != "." && found != ".." && found != "pressure")
                entries.push_back({std::string{found}, entry->d_type});
        }
    }
}

} // namespace

std::vector<std::string> settings_in_proc(const std::filesystem::path& proc) {
    const sys::UniqueFd directory = sys::open_directory(proc);
    std::vector<std::string> settings;
    for (const sys::DirectoryEntry& entry : machine_entries(directory.get(), proc))
        if (is_setting(directory.get(), entry, proc)) settings.push_back("/" + entry.name);
    std::sort(settings.begin(), settings.end());
    return settings;
}

} // namespace disco::sandbox
