#include "runner/merge/space_check.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

std::string mebibytes(std::uint64_t bytes) {
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024.0 * 1024.0));
}

} // namespace

void SpaceCheck::add(int directory, const std::string& name) {
    const auto status = sys::stat_at(directory, name);
    if (!status) throw sys::SysError{ENOENT, "look at", name};
    if (!S_ISDIR(status->st_mode) && status->st_nlink > 1 &&
        !linked_.emplace(status->st_dev, status->st_ino).second)
        return;
    constexpr std::uint64_t block = 512; // of st_blocks (stat(2)); holes take none
    bytes_ += static_cast<std::uint64_t>(status->st_blocks) * block;
    ++objects_;
    if (!S_ISDIR(status->st_mode)) return;
    const sys::UniqueFd inside = sys::open_beneath(directory, name, O_RDONLY | O_DIRECTORY);
    for (const sys::DirectoryEntry& entry : sys::list_directory(inside.get(), name))
        add(inside.get(), entry.name);
}

void SpaceCheck::check(int directory, const std::string& shown) const {
    struct statvfs room = {};
    sys::check(::fstatvfs(directory, &room), "look at the file system of", shown);
    // With f_bfree also what is reserved for root would count, which a full system needs more than a merge.
    const std::uint64_t free = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
    if (bytes_ > free)
        throw sys::Error{
            fmt::format("the merge needs {} on the file system of '{}', and {} are free: nothing was "
                        "merged; make room there",
                        mebibytes(bytes_), shown, mebibytes(free))};
    // Some file systems (btrfs) have no fixed number of inodes and tell 0.
    if (room.f_files != 0 && objects_ > room.f_favail)
        throw sys::Error{
            fmt::format("the merge needs {} inodes on the file system of '{}', and {} are free: nothing was "
                        "merged; remove files there",
                        objects_, shown, static_cast<std::uint64_t>(room.f_favail))};
}

} // namespace disco::merge
