#include "policy/policy_files.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>

#include <dirent.h>
#include <fcntl.h>

#include <fmt/format.h>

namespace disco::policy {

std::map<std::string, std::filesystem::path> policy_files(const std::filesystem::path& directory) {
    std::map<std::string, std::filesystem::path> files;
    const sys::UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd && errno == ENOENT) return files;
    if (!fd) throw sys::SysError{errno, "open directory", directory};
    for (const sys::DirectoryEntry& entry : sys::list_directory(fd.get(), directory))
        if (entry.type == DT_REG && !entry.name.starts_with('.') && !entry.name.ends_with('~'))
            files.emplace(entry.name, directory / entry.name);
    return files;
}

std::map<std::string, std::filesystem::path>
effective_files(const std::filesystem::path& lib, const std::filesystem::path& overrides, const char* name) {
    auto files = policy_files(lib / name);
    if (files.empty())
        throw sys::Error{fmt::format("'{}' is empty: install disco again", (lib / name).string())};
    for (auto& [own, file] : policy_files(overrides / name)) files[own] = file;
    return files;
}

} // namespace disco::policy
