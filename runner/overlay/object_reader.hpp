#pragma once

#include "runner/model/object_state.hpp"
#include "runner/sys/sha256.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace disco::overlay {

/// An object of a layer or of the live root, read for comparison.
struct ReadObject {
    model::ObjectState state; ///< complete, overlay bookkeeping removed
    model::Stamp stamp;
    std::optional<std::string> content; ///< of a file small enough to show
    bool whiteout = false;              ///< it stands for a deletion; nothing else is filled in
    bool opaque = false;                ///< a directory that hides what lies below
    bool has_bookkeeping = false;       ///< it carries trusted.overlay.*
};

/// Reads objects by directory descriptor and name. One object reuses its buffers for many.
class ObjectReader {
public:
    /// Files up to this size are kept whole, for a diff.
    static constexpr std::size_t shown_limit = std::size_t{1} << 20;

    /// `layer`: the object lies in an upperdir, where whiteouts and bookkeeping mean something. Throws
    /// SysError, and Error for features of overlayfs that disco's mounts switch off (redirect, metacopy) and
    /// for inode flags.
    enum class Where { live, layer };
    [[nodiscard]] ReadObject read(int directory, const std::string& name, const struct stat& status,
                                  Where where);

private:
    void read_content(int fd, const std::string& name, ReadObject& object);
    sys::Sha256 hash_;
    std::string buffer_;
};

} // namespace disco::overlay
