#pragma once

#include <filesystem>
#include <string_view>

#include <sys/types.h>

// What a loss of power must not take back: on disk when a function returns. Everything throws SysError.
namespace disco::sys {

/// `write_file_atomically`, whose content is whole by itself, but may still be the old one.
void write_file_durably(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

/// rename(2) within one directory.
void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

/// syncfs(2) of the file system that a directory is on.
void sync_file_system_of(const std::filesystem::path& directory);

} // namespace disco::sys
