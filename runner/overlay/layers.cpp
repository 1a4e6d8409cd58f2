#include "runner/overlay/layers.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/metadata.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

/// Longest option string: one page less its NUL (mount(2)).
constexpr std::size_t options_limit = 4000; // the names of upperdir and workdir are short

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
}

/// Whether walking up from `path` meets `directory` before it leaves the file system.
bool lies_inside(const std::filesystem::path& path, const std::filesystem::path& directory) {
    const auto wanted = sys::stat_path(directory);
    const auto own = sys::stat_path(path);
    if (!wanted || !own) throw sys::SysError{ENOENT, "stat", wanted ? path : directory};
    for (std::filesystem::path at = path;; at = at.parent_path()) {
        const auto status = sys::stat_path(at);
        if (!status || status->st_dev != own->st_dev) return false;
        if (status->st_dev == wanted->st_dev && status->st_ino == wanted->st_ino) return true;
        if (at == at.parent_path()) return false;
    }
}

} // namespace

std::string overlay_options(const std::vector<std::string>& lowerdirs) {
    std::string options = "lowerdir=";
    for (const std::string& lower : lowerdirs) {
        if (options.back() != '=') options += ':';
        options += escaped(lower);
    }
    options += ",index=off,metacopy=off,redirect_dir=off,xino=off,nfs_export=off";
    if (options.size() > options_limit)
        throw sys::Error{
            fmt::format("the overlay of {} layers needs {} bytes of mount options, the kernel takes {}: "
                        "fewer modules may change files in one dance (use --module to split it)",
                        lowerdirs.size(), options.size(), options_limit)};
    return options;
}

std::string overlay_options(const std::vector<std::string>& lowerdirs, const std::string& upperdir,
                            const std::string& workdir, Layers::Durability durability) {
    std::string options =
        overlay_options(lowerdirs) + ",upperdir=" + escaped(upperdir) + ",workdir=" + escaped(workdir);
    if (durability == Layers::Durability::volatile_) options += ",volatile";
    return options;
}

Layers::Layers(std::filesystem::path directory, std::vector<ClassifiedMount> managed)
    : directory_{std::move(directory)}, managed_{std::move(managed)} {
    for (const ClassifiedMount& mount : managed_) inside_.push_back(lies_inside(directory_, mount.live));
}

std::string Layers::upper_name(std::size_t layer, std::size_t mount) const {
    return mount == 0 ? std::to_string(layer) : fmt::format("{}.{}", layer, mount);
}

std::string Layers::work_name(std::size_t mount) const { return fmt::format("w{}", mount); }

void Layers::begin() {
    begun_ = true;
    for (std::size_t mount = 0; mount < managed_.size(); ++mount) {
        const auto below = kept_ == 0 ? managed_[mount].live : directory_ / upper_name(kept_ - 1, mount);
        make_directory_like(directory_ / upper_name(kept_, mount), below);
        sys::check(::mkdir((directory_ / work_name(mount)).c_str(), 0700), "make directory",
                   directory_ / work_name(mount));
    }
}

void Layers::remove_work() const {
    for (std::size_t mount = 0; mount < managed_.size(); ++mount)
        sys::remove_tree(directory_ / work_name(mount));
}

std::size_t Layers::keep() {
    remove_work();
    begun_ = false;
    return kept_++;
}

void Layers::drop() {
    if (!begun_) return;
    remove_work();
    for (std::size_t mount = 0; mount < managed_.size(); ++mount)
        sys::remove_tree(directory_ / upper_name(kept_, mount));
    begun_ = false;
}

OverlayOptions Layers::options(std::size_t mount, Durability durability) const {
    const std::string ground = mount == 0 ? place::skeleton : place::nothing;
    const std::vector<std::string> live = {managed_[mount].live.native(), ground};
    std::vector<std::string> lowerdirs;
    for (std::size_t layer = kept_; layer-- > 0;) lowerdirs.push_back(upper_name(layer, mount));
    OverlayOptions options;
    if (kept_ != 0 && inside_[mount]) {
        options.base = overlay_options(live);
        lowerdirs.emplace_back(place::base);
    } else {
        lowerdirs.insert(lowerdirs.end(), live.begin(), live.end());
    }
    options.top = overlay_options(lowerdirs, upper_name(kept_, mount), work_name(mount), durability);
    return options;
}

std::vector<std::filesystem::path> Layers::upperdirs(std::size_t mount) const {
    std::vector<std::filesystem::path> paths;
    for (std::size_t layer = 0; layer < kept_ + (begun_ ? 1 : 0); ++layer)
        paths.push_back(directory_ / upper_name(layer, mount));
    return paths;
}

} // namespace disco::overlay
