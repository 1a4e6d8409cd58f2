#include "runner/overlay/layers.hpp"

#include "runner/overlay/squash.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/text.hpp"

#include <cerrno>
#include <cstdio>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (c == ':' || c == ',' || c == '\\') text += '\\';
        text += c;
    }
    return text;
}

/// A merged directory takes its metadata from the topmost layer, so an empty upperdir must look like what it
/// covers.
void make_directory_like(const std::filesystem::path& path, const std::filesystem::path& model) {
    const auto status = sys::stat_path(model);
    if (!status) throw sys::SysError{ENOENT, "open the managed directory", model};
    sys::check(::mkdir(path.c_str(), 0700), "make directory", path);
    sys::check(::lchown(path.c_str(), status->st_uid, status->st_gid), "set the owner of", path);
    sys::check(::chmod(path.c_str(), status->st_mode & 07777), "set the mode of", path);
    for (const auto& [name, value] : sys::read_xattrs_at(AT_FDCWD, model))
        if (!name.starts_with("trusted.overlay.")) sys::set_xattr_at(AT_FDCWD, path, name, value);
    const struct timespec times[2] = {status->st_atim, status->st_mtim};
    sys::check(::utimensat(AT_FDCWD, path.c_str(), times, 0), "set the times of", path);
}

struct Location {
    std::uint64_t mount, inode;
    dev_t device;
};
Location whereabouts(const std::filesystem::path& path) {
    struct statx status = {};
    sys::check(::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_MNT_ID, &status),
               "look at", path);
    return {status.stx_mnt_id, status.stx_ino, makedev(status.stx_dev_major, status.stx_dev_minor)};
}

/// Whether walking up from `path` meets `directory` before it leaves the file system. It is left where both
/// the mount and the device are others: mounts may be of one file system, and subvolumes differ in the
/// device.
bool lies_inside(const std::filesystem::path& path, const std::filesystem::path& directory) {
    const Location wanted = whereabouts(directory);
    Location here = whereabouts(path);
    for (std::filesystem::path at = path;;) {
        if (here.device == wanted.device && here.inode == wanted.inode) return true;
        if (at == at.parent_path()) return false;
        at = at.parent_path();
        const Location above = whereabouts(at);
        if (above.mount != here.mount && above.device != here.device) return false;
        here = above;
    }
}

/// Every option that matters is given: defaults differ between kernels and distributions.
///
/// The options of a view. An index keeps hard links together, and redirects let a directory be renamed, as on
/// the live root. Where the file systems below give no lasting file handles, the kernel goes on without an
/// index, and links come apart when they are copied up. What a crash leaves of a layer is thrown away, and a
/// merge syncs the file system before it begins, so that nothing need be on disk earlier (an fsync for every
/// file that is copied up takes longer than all else).
constexpr const char* view_options =
    ",index=on,metacopy=off,redirect_dir=on,xino=off,nfs_export=off,volatile";
/// The same in memory, where nothing is synced.
constexpr const char* memory_options = ",index=on,metacopy=off,redirect_dir=on,xino=off,nfs_export=off";
/// The options of a read-only overlay of the live root below a view. The view's index needs its file handles.
/// (`index` means nothing without an upperdir, and the kernel would complain of it.)
constexpr const char* live_options = ",metacopy=off,redirect_dir=nofollow,xino=off,nfs_export=on";

/// `lowerdirs`: topmost first.
std::string lowerdir_option(const std::vector<std::string>& lowerdirs) {
    std::string options = "lowerdir=";
    for (const std::string& lower : lowerdirs) {
        if (options.back() != '=') options += ':';
        options += escaped(lower);
    }
    return options;
}

/// What is lowest in the view of a managed mount. A /run or /var of its own needs the mount points in it as
/// well.
std::string ground_of(const std::string& inside) {
    if (inside.empty() || inside == "/run" || inside == "/var" || inside == "/var/lib")
        return place::skeleton + inside;
    return place::nothing;
}

constexpr std::string_view left_over = "left";

std::string upper_name(std::size_t mount) { return fmt::format("u{}", mount); }
std::string base_name(std::size_t mount) { return fmt::format("k{}", mount); }
std::string work_name(std::size_t mount) { return fmt::format("w{}", mount); }

} // namespace

/// Two lowerdirs are the fewest without an upperdir.
std::string readonly_options(const std::filesystem::path& directory) {
    return lowerdir_option({directory, place::nothing}) +
           ",metacopy=off,redirect_dir=nofollow,xino=off,nfs_export=off";
}

Layers::Layers(std::filesystem::path directory, std::vector<ClassifiedMount> managed)
    : directory_{std::move(directory)}, managed_{std::move(managed)} {
    for (std::size_t mount = 0; mount < managed_.size(); ++mount) {
        mount_ids_.push_back(whereabouts(managed_[mount].live).mount);
        inside_.push_back(lies_inside(directory_, managed_[mount].live));
        made_.push_back(false);
        if (is_in_memory(mount)) continue;
        const auto work = directory_ / work_name(mount);
        sys::check(::mkdir(work.c_str(), 0700), "make directory", work);
    }
}

void Layers::begin() {
    begun_ = true;
    for (std::size_t mount = 0; mount < managed_.size(); ++mount) {
        if (is_in_memory(mount)) {
            const auto below = base(mount); // which the view is going to name
            if (has_base_ && !sys::stat_path(below)) make_directory_like(below, managed_[mount].live);
            continue;
        }
        if (upper_is_clean_) { // what lies right below it may be another directory now, which an index minds
            sys::remove_xattr_at(AT_FDCWD, upper(mount), "trusted.overlay.origin");
        } else {
            sys::remove_tree(upper(mount)); // of a squashed layer, when what was kept has been left
            make_directory_like(upper(mount), has_base_ ? base(mount) : managed_[mount].live);
        }
        // What a volatile mount leaves, so that nobody takes its upperdir for whole (overlayfs.rst, "Volatile
        // mount"); here it only stands in the way of the next mount. `tidy` removes it.
        const auto mark = directory_ / work_name(mount) / "work/incompat";
        const auto aside = directory_ / fmt::format("{}/{}-{}", work_name(mount), left_over, begun_count_);
        if (::rename(mark.c_str(), aside.c_str()) != 0 && errno != ENOENT)
            throw sys::SysError{errno, "move aside", mark};
    }
    ++begun_count_;
}

void Layers::tidy() {
    for (; tidied_count_ < begun_count_; ++tidied_count_)
        for (std::size_t mount = 0; mount < managed_.size(); ++mount)
            if (!is_in_memory(mount))
                sys::remove_tree(directory_ /
                                 fmt::format("{}/{}-{}", work_name(mount), left_over, tidied_count_));
}

void Layers::keep() {
    for (std::size_t mount = 0; mount < managed_.size(); ++mount) {
        if (!has_upper(mount)) continue;
        remove_index(mount);
        if (has_base_) {
            squash(upper(mount), base(mount), managed_[mount].live);
            if (is_in_memory(mount)) sys::remove_tree(upper(mount));
        } else {
            const auto whole = directory_ / base_name(mount);
            sys::check(::rename(upper(mount).c_str(), whole.c_str()), "keep the layer", whole);
        }
    }
    upper_is_clean_ = has_base_;
    has_base_ = true;
    begun_ = false;
    made_.assign(made_.size(), false);
}

void Layers::drop() {
    if (!begun_) return;
    for (std::size_t mount = 0; mount < managed_.size(); ++mount) {
        if (!has_upper(mount)) continue;
        remove_index(mount);
        sys::remove_tree(upper(mount));
    }
    upper_is_clean_ = false;
    begun_ = false;
    made_.assign(made_.size(), false);
}

/// It belongs to one upperdir, and its links would be counted where the objects go.
void Layers::remove_index(std::size_t mount) const {
    if (is_in_memory(mount)) return;
    const auto index = work(mount) / "index";
    if (::rmdir(index.c_str()) != 0 && errno != ENOENT) sys::remove_tree(index); // most often it is empty
}

void Layers::leave_base() noexcept {
    has_base_ = false;
    upper_is_clean_ = false;
}

OverlayOptions Layers::options(std::size_t mount, On on) const {
    const std::string ground = ground_of(managed_[mount].inside);
    std::vector<std::string> lowerdirs = {managed_[mount].live.native(), ground};
    OverlayOptions options;
    if (on == On::base && inside_[mount]) {
        options.live = lowerdir_option(lowerdirs) + live_options;
        lowerdirs = {place::live};
    }
    if (on == On::base) lowerdirs.insert(lowerdirs.begin(), base_name(mount));
    const bool memory = is_in_memory(mount);
    options.top =
        fmt::format("{},upperdir={},workdir={}{}", lowerdir_option(lowerdirs),
                    memory ? place::memory_upper : upper_name(mount),
                    memory ? place::memory_work : work_name(mount), memory ? memory_options : view_options);
    return options;
}

void Layers::check_mounts() const {
    for (std::size_t mount = 0; mount < managed_.size(); ++mount)
        if (whereabouts(managed_[mount].live).mount != mount_ids_[mount])
            throw sys::Error{
                fmt::format("what was mounted on '{}' is not there any more, or something else was "
                            "mounted over it meanwhile: nothing was merged",
                            managed_[mount].live.string())};
}

std::size_t Layers::mount_of(std::string_view path) const {
    std::size_t found = 0;
    for (std::size_t mount = 1; mount < managed_.size(); ++mount) {
        const std::string& inside = managed_[mount].inside;
        if (inside.size() > managed_[found].inside.size() && sys::is_at_or_below(path, inside)) found = mount;
    }
    return found;
}

bool Layers::is_in_memory(std::size_t mount) const { return managed_[mount].kind == MountClass::runtime; }

bool Layers::has_upper(std::size_t mount) const { return !is_in_memory(mount) || made_[mount]; }

std::filesystem::path Layers::make_upper(std::size_t mount) {
    make_directory_like(upper(mount), has_base_ ? base(mount) : managed_[mount].live);
    made_[mount] = true;
    return upper(mount);
}

std::filesystem::path Layers::upper(std::size_t mount) const { return directory_ / upper_name(mount); }

std::filesystem::path Layers::work(std::size_t mount) const { return directory_ / work_name(mount); }

std::filesystem::path Layers::base(std::size_t mount) const {
    return has_base_ ? directory_ / base_name(mount) : std::filesystem::path{};
}

} // namespace disco::overlay
