#include "runner/sys/error.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/sha256.hpp"
#include "tests/support/throw_away.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

enum class Detail { all, contents };

std::string describe(const struct stat& status, Detail detail) {
    std::string line =
        fmt::format("{:o} {}:{} rdev {:x}", status.st_mode, status.st_uid, status.st_gid, status.st_rdev);
    if (S_ISREG(status.st_mode) || detail == Detail::all) line += fmt::format(" size {}", status.st_size);
    if (detail == Detail::contents) return line;
    return line + fmt::format(" inode {} links {} mtime {}.{:09} ctime {}.{:09}", status.st_ino,
                              status.st_nlink, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                              status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

void add(int directory, const std::string& name, const std::string& path, Detail detail, Snapshot& snapshot) {
    const struct stat status = *sys::stat_at(directory, name);
    std::string line = describe(status, detail);
    for (const auto& [attribute, value] : sys::read_xattrs_at(directory, name))
        line += fmt::format(" {}={}", attribute, sys::printable(value));
    if (S_ISLNK(status.st_mode)) line += " -> " + sys::printable(sys::read_link_at(directory, name));
    if (S_ISREG(status.st_mode)) {
        const sys::UniqueFd file = sys::open_beneath(directory, name, O_RDONLY);
        line += " sha256 " + sys::hex(sys::sha256(sys::read_all(file.get(), path)));
    }
    snapshot[path] = std::move(line);
    if (!S_ISDIR(status.st_mode)) return;
    const sys::UniqueFd below = sys::open_beneath(directory, name, O_RDONLY | O_DIRECTORY);
    for (const sys::DirectoryEntry& entry : sys::list_directory(below.get(), path))
        add(below.get(), entry.name, path == "/" ? "/" + entry.name : path + "/" + entry.name, detail,
            snapshot);
}

Snapshot taken(const std::filesystem::path& tree, Detail detail) {
    Snapshot result;
    add(sys::open_directory(tree).get(), ".", "/", detail, result);
    return result;
}

} // namespace

Snapshot snapshot(const std::filesystem::path& tree) { return taken(tree, Detail::all); }
Snapshot contents(const std::filesystem::path& tree) { return taken(tree, Detail::contents); }

Snapshot restorable(const std::filesystem::path& tree) {
    Snapshot stable = snapshot(tree);
    for (auto& [path, line] : stable) line.erase(std::min(line.find(" ctime "), line.size()), 7 + 20);
    return stable;
}

std::string difference(const Snapshot& before, const Snapshot& after) {
    std::string lines;
    for (const auto& [path, state] : before) {
        const auto found = after.find(path);
        if (found == after.end())
            lines += fmt::format("- {}\n", sys::printable(path));
        else if (found->second != state)
            lines += fmt::format("~ {}\n    {}\n    {}\n", sys::printable(path), state, found->second);
    }
    for (const auto& [path, state] : after)
        if (!before.contains(path)) lines += fmt::format("+ {} {}\n", sys::printable(path), state);
    return lines;
}

} // namespace disco::tests
