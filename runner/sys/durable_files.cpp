#include "runner/sys/durable_files.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cstdio>

#include <unistd.h>

#include <fmt/format.h>

namespace disco::sys {

void write_file_durably(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
    write_file_atomically(path, bytes, mode);
    sync_directory(path.parent_path());
}

void rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
    check(::rename(from.c_str(), to.c_str()), fmt::format("rename '{}' to", from.string()), to);
    sync_directory(to.parent_path());
}

void sync_file_system_of(const std::filesystem::path& directory) {
    const UniqueFd fd = open_directory(directory);
    check(::syncfs(fd.get()), "sync the file system of", directory);
}

} // namespace disco::sys
