#pragma once

#include "runner/overlay/mount_class.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace disco::overlay {

/// Places that whoever mounts the overlays provides, in a mount namespace of its own: a small tmpfs over
/// /proc, which that namespace has no other use for before it has a root of its own (making directories and
/// removing them on a disk takes longer than all the mounts). `skeleton` and `nothing` are directories below
/// the overlays of all managed mounts (the skeleton holds the view's own mount points, /var/lib/disco among
/// them, so that they hide nothing and change nothing), `live` is where a live overlay is mounted, `view`
/// where the view is, and `stage` holds trees that need no layer.
namespace place {
constexpr const char* ground = "/proc";
constexpr const char* skeleton = "/proc/r";
constexpr const char* nothing = "/proc/e";
constexpr const char* live = "/proc/b";
constexpr const char* view = "/proc/v";
constexpr const char* stage = "/proc/s";
constexpr const char* memory = "/proc/m"; ///< what scripts change in /run: see Layers::is_in_memory
constexpr const char* memory_upper = "/proc/m/u";
constexpr const char* memory_work = "/proc/m/w";
} // namespace place

/// mount(2) options of one overlay; the names of layers are relative to their directory.
struct OverlayOptions {
    /// The options of a read-only overlay that is mounted first, at place::live; empty: none. Overlayfs
    /// refuses lowerdirs that lie within one another (ELOOP), and the base layer lies within the live root
    /// whose file system it shares. Seen through an overlay of its own, the live root is another file system,
    /// and the base layer is not within it.
    std::string live;
    std::string top;
};

/// The options of a read-only overlay that shows a directory as it is, but for its sockets and FIFOs: they
/// lead nowhere.
[[nodiscard]] std::string readonly_options(const std::filesystem::path& directory);

/// The layers of a dance on disk, for every managed mount: the begun one, an upperdir that one module
/// changes, and below it the base layer, into which every module's layer is squashed when its work is done. A
/// module's own changes are what the begun layer holds; a module that fails leaves no trace, as its layer is
/// dropped.
///
/// All lie in one directory under short names, because mount(2) takes one page of options; the overlay
/// options are relative to it. The directory belongs to the caller. Throws SysError.
class Layers {
public:
    /// `managed`: the managed mounts, the live root first.
    Layers(std::filesystem::path directory, std::vector<ClassifiedMount> managed);

    /// Makes the begun layer: empty upperdirs, with the metadata of what lies below.
    void begin();
    /// The begun layer becomes part of the base layer. No overlay may be mounted on it any more.
    void keep();
    /// The begun layer goes, with all that is in it.
    void drop();
    /// Removes what earlier mounts left behind: work that can wait until there is nothing else to
    /// do. It is not needed before the directory is removed.
    void tidy();
    /// What was kept is merged: the base layer now holds originals, and later layers stand on the live root
    /// alone.
    void leave_base() noexcept;

    /// Throws sys::Error if a managed mount is not there any more, or another one is mounted over it: what is
    /// looked at or merged there would be another tree than the view's.
    void check_mounts() const;

    [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
    [[nodiscard]] const std::vector<ClassifiedMount>& managed() const noexcept { return managed_; }
    /// The managed mount that a path of the tree is on ("/home/user", without a slash at the end); the live
    /// root, the first, has all that no other one has.
    [[nodiscard]] std::size_t mount_of(std::string_view path) const;
    /// What the begun layer stands on.
    enum class On { live, base };
    [[nodiscard]] On on() const noexcept { return has_base_ ? On::base : On::live; }
    /// The overlay of a managed mount with a begun layer on top. Pure but for the names.
    [[nodiscard]] OverlayOptions options(std::size_t mount, On on) const;

    /// True for the machine's own /run: its begun layer is in memory, as /run is, and belongs to the sandbox,
    /// because most modules leave nothing there. What one does leave is brought here before the sandbox ends.
    [[nodiscard]] bool is_in_memory(std::size_t mount) const;
    /// Makes the upperdir that it is brought to, and returns it.
    std::filesystem::path make_upper(std::size_t mount);
    /// Whether there is an upperdir of the begun layer: there is none where nothing was brought.
    [[nodiscard]] bool has_upper(std::size_t mount) const;

    /// The upperdir of the begun layer.
    [[nodiscard]] std::filesystem::path upper(std::size_t mount) const;
    /// Where the kernel keeps its own notes on the begun layer; not of one in memory.
    [[nodiscard]] std::filesystem::path work(std::size_t mount) const;
    /// The upperdir of the base layer; empty before one was kept.
    [[nodiscard]] std::filesystem::path base(std::size_t mount) const;

private:
    void remove_index(std::size_t mount) const;

    std::filesystem::path directory_;
    std::vector<ClassifiedMount> managed_;
    std::vector<std::uint64_t> mount_ids_; ///< of the managed mounts when the layers were made
    std::vector<bool> made_;               ///< by managed mount: make_upper() was called
    std::vector<bool> inside_;             ///< by managed mount: the layers lie below it, on its file system
    std::size_t begun_count_ = 0;
    std::size_t tidied_count_ = 0;
    bool has_base_ = false;
    bool begun_ = false;
    bool upper_is_clean_ =
        false; ///< the begun layer was squashed: its upperdirs are empty and can be used again
};

} // namespace disco::overlay
