#include "runner/merge/copy_check.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/model/overlay_xattrs.hpp"
#include "runner/sys/descent.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/path_length.hpp"
#include "runner/sys/tree_walk.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

constexpr std::uint64_t most = 100'000'000; ///< names in one object

std::string size_text(std::uint64_t bytes) {
    if (bytes < 100 << 10) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
    return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024 * 1024));
}

/// What a file system takes all of or none of, and a name to ask it with (xattr(7)): ACLs, which a mount can
/// be without, and each of the name spaces.
std::pair<std::string, std::string> kind_of(const std::string& attribute) {
    if (attribute.starts_with("system.")) return {attribute, attribute};
    const std::string space = attribute.substr(0, attribute.find('.') + 1);
    return {space + "*", space + "disco"};
}

/// Whoever owns a directory may take away or move what is in it at any time: that needs no room.
template <class Work> void unless_gone(const Work& work) {
    try {
        work();
    } catch (const sys::SysError& error) {
        if (!means_not_there(error.code())) throw;
    } catch (const sys::MovedMeanwhile&) { // the copy itself tells what it could not be made of
    }
}

} // namespace

void CopyCheck::add(int directory, const std::string& name, const std::string& shown) {
    unless_gone([&] {
        if (!add_one(directory, name, [&] { return shown; })) return;
        sys::TreeWalk walk{sys::open_on_mount(directory, name, O_RDONLY | O_DIRECTORY), shown};
        // Whoever has it open may go on moving directories to where the walk has not come to yet.
        const std::uint64_t end = names_ + most;
        while (names_ < end && walk.next())
            unless_gone([&] {
                sys::throw_if_interrupted();
                if (walk.found() && add_one(walk.directory(), walk.name(), [&] { return walk.shown(); }) &&
                    walk.path().size() < sys::longest_path)
                    walk.enter();
            });
    });
}

bool CopyCheck::add_one(int directory, const std::string& name, const std::function<std::string()>& shown) {
    ++names_;
    const auto status = sys::stat_at(directory, name);
    if (!status) return false;
    if (!S_ISDIR(status->st_mode) && status->st_nlink > 1 &&
        !linked_.emplace(status->st_dev, status->st_ino).second)
        return false;
    constexpr std::uint64_t block = 512; // of st_blocks (stat(2)); holes take none
    bytes_ += static_cast<std::uint64_t>(status->st_blocks) * block;
    ++objects_;
    add_attributes_of(directory, name, shown);
    return S_ISDIR(status->st_mode);
}

void CopyCheck::add_attributes(int directory, const std::string& name, const std::string& shown) {
    add_attributes_of(directory, name, [&] { return shown; });
}

void CopyCheck::add_attributes(const sys::Xattrs& attributes, const std::string& shown) {
    for (const auto& [attribute, value] : attributes)
        if (const auto visible = model::visible_attribute(attribute))
            attributes_.try_emplace(*visible, shown);
}

void CopyCheck::add_attributes_of(int directory, const std::string& name,
                                  const std::function<std::string()>& shown) {
    for (const std::string& attribute : sys::xattr_names_at(directory, name))
        if (const auto visible = model::visible_attribute(attribute);
            visible && !attributes_.contains(*visible))
            attributes_.emplace(*visible, shown());
}

void CopyCheck::check_room(int directory, const std::string& shown) const {
    struct statvfs room = {};
    sys::check(::fstatvfs(directory, &room), "look at the file system of", shown);
    // With f_bfree also what is reserved for root would count, which a full system needs more than a merge.
    const std::uint64_t free = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
    if (bytes_ > free)
        throw NoRoom{
            fmt::format("the merge needs {} on the file system of '{}', and {} are free: make room there",
                        size_text(bytes_), shown, size_text(free))};
    // Some file systems (btrfs) have no fixed number of inodes and tell 0.
    if (room.f_files != 0 && objects_ > room.f_favail)
        throw NoRoom{
            fmt::format("the merge needs {} inodes on the file system of '{}', and {} are free: remove "
                        "files there",
                        objects_, shown, static_cast<std::uint64_t>(room.f_favail))};
}

void CopyCheck::check(int directory, const std::string& shown) const {
    check_room(directory, shown);
    for (const auto& [attribute, object] : attributes_) {
        const auto& [kind, probe] = kind_of(attribute);
        if (::fgetxattr(directory, probe.c_str(), nullptr, 0) >= 0 || errno != EOPNOTSUPP) continue;
        throw sys::Error{
            fmt::format("'{}' has the extended attribute {}, and the file system of '{}' takes no {}", object,
                        attribute, shown, kind)};
    }
}

} // namespace disco::merge
