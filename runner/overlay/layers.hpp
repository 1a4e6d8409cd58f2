#pragma once

#include "runner/overlay/mount_class.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace disco::overlay {

/// Places that whoever mounts the overlays provides, in a mount namespace of its own: a small tmpfs over
/// /proc, which that namespace has no other use for before it has a root of its own (making directories and
/// removing them on a disk takes longer than all the mounts). `skeleton` and `nothing` are directories below
/// every live root's overlay (the skeleton holds the view's own mount points, so that they hide nothing and
/// change nothing), `base` is where a base overlay is mounted.
namespace place {
constexpr const char* ground = "/proc";
constexpr const char* skeleton = "/proc/r";
constexpr const char* nothing = "/proc/e";
constexpr const char* base = "/proc/b";
constexpr const char* view = "/proc/v";
} // namespace place

/// mount(2) options of one overlay; the names of layers are relative to their directory.
struct OverlayOptions {
    /// Of a read-only overlay to be mounted first, at place::base; empty: none. Overlayfs refuses lowerdirs
    /// that lie within one another (ELOOP), and the earlier layers lie within the live root whose file system
    /// they share. Seen through an overlay of its own the live root is another file system, and they do not.
    std::string base;
    std::string top;
};

/// The layers of a dance on disk: per module one upperdir and one workdir for every managed mount.
///
/// All lie in one directory under short names, because mount(2) takes one page of options; the overlay
/// options are relative to it. The directory belongs to the caller. Throws SysError.
class Layers {
public:
    /// `managed`: the managed mounts, the live root first.
    Layers(std::filesystem::path directory, std::vector<ClassifiedMount> managed);

    /// Starts a layer on top of the kept ones: makes its empty upperdirs, with the metadata of what lies
    /// below.
    void begin();
    /// The begun layer stays, for later modules to stand on. Returns its index.
    std::size_t keep();
    /// The begun layer goes, with all that is in it.
    void drop();

    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
    [[nodiscard]] const std::vector<ClassifiedMount>& managed() const noexcept { return managed_; }
    [[nodiscard]] std::size_t kept() const noexcept { return kept_; }

    /// The overlay of a managed mount with the begun layer on top. Throws Error when options do not fit in a
    /// page.
    enum class Durability { volatile_, durable };
    [[nodiscard]] OverlayOptions options(std::size_t mount, Durability durability) const;

    /// Upperdirs of one managed mount, of the kept layers and the begun one, lowest first.
    [[nodiscard]] std::vector<std::filesystem::path> upperdirs(std::size_t mount) const;

private:
    [[nodiscard]] std::string upper_name(std::size_t layer, std::size_t mount) const;
    [[nodiscard]] std::string work_name(std::size_t mount) const;
    void remove_work() const;

    std::filesystem::path directory_;
    std::vector<ClassifiedMount> managed_;
    std::vector<bool> inside_; ///< by managed mount: the layers lie below it, on its file system
    std::size_t kept_ = 0;
    bool begun_ = false;
};

/// One overlay's options, every one that matters explicit: defaults differ between kernels and distributions.
/// `lowerdirs` topmost first. ':', ',' and '\' in names are escaped as overlayfs.rst says. Pure.
[[nodiscard]] std::string overlay_options(const std::vector<std::string>& lowerdirs,
                                          const std::string& upperdir, const std::string& workdir,
                                          Layers::Durability durability);

} // namespace disco::overlay
