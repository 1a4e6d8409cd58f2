#pragma once

#include "runner/model/object_state.hpp"
#include "runner/overlay/content_hash.hpp"

#include <cstddef>
#include <optional>
#include <string>

#include <sys/types.h>

namespace disco::overlay {

/// An object of a layer or of the live root, read for comparison.
struct ReadObject {
    model::ObjectState state; ///< complete, overlay bookkeeping removed; a layer's object lacks the flags
    model::Stamp stamp;
    std::optional<std::string> content; ///< of a file small enough to show
    bool is_protected = false;          ///< in a layer: immutable or append-only, as far as a script sees
    bool copied_up = false;             ///< in a layer: overlayfs made it, of an object below
    timespec accessed = {};             ///< its atime
    nlink_t links = 1;                  ///< in a layer also the index's, and those it lacks do not count
    bool whiteout = false;              ///< it stands for a deletion; nothing else is filled in
    bool opaque = false;                ///< a directory that hides what lies below
    bool has_bookkeeping = false;       ///< it carries trusted.overlay.*
    bool only_origin = false;           ///< of those trusted.overlay.origin, and no other
};

[[nodiscard]] inline bool is_directory(const std::optional<ReadObject>& object) {
    return object && object->state.type == model::ObjectType::directory;
}

/// Reads objects by directory descriptor and name. One object reuses its buffers for many.
class ObjectReader {
public:
    /// Files up to this size are kept whole, for a diff.
    static constexpr std::size_t shown_limit = std::size_t{1} << 20;

    /// `layer`: the object lies in an upperdir, where whiteouts and bookkeeping mean something. Throws
    /// SysError, Error for features of overlayfs that disco's mounts switch off (redirect, metacopy) and for
    /// inode flags, and MovedMeanwhile when what lies there is not what `status` is of.
    enum class Location { live, layer };
    [[nodiscard]] ReadObject read(int directory, const std::string& name, const struct stat& status,
                                  Location where);

    /// Completes the flags of a layer's object, which matter where there is one below it, by a look at that
    /// one: what overlayfs does not give to a copy is as it was.
    static void read_flags(int directory, const std::string& name, const ReadObject& below,
                           ReadObject& object);

private:
    ContentHash content_;
};

} // namespace disco::overlay
