#include "runner/overlay/object_reader.hpp"

#include "runner/model/overlay_xattrs.hpp"
#include "runner/overlay/whiteout.hpp"
#include "runner/sys/descent.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/inode_flags.hpp"
#include "runner/sys/leased_file.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

/// Takes overlayfs's own attributes out of `object.state.xattrs` and notes what they say.
void translate_bookkeeping(ReadObject& object, const std::string& name) {
    sys::Xattrs kept;
    std::size_t count = 0;
    for (auto& [attribute, value] : object.state.xattrs) {
        if (!attribute.starts_with(model::overlay_prefix)) {
            kept.emplace_back(std::move(attribute), std::move(value));
            continue;
        }
        ++count;
        const std::string_view what = std::string_view{attribute}.substr(model::overlay_prefix.size());
        if (auto visible = model::visible_attribute(attribute))
            kept.emplace_back(std::move(*visible), std::move(value));
        else if (what == "origin")
            object.copied_up = true;
        else if (what == "opaque")
            object.opaque = value == "y";
        else if (what == "whiteout" && object.state.type == model::ObjectType::file && object.state.size == 0)
            object.whiteout = true;
        else if (what == "redirect" || what == "metacopy")
            throw sys::Error{fmt::format(
                "'{}' carries trusted.overlay.{}, which disco's mounts switch off: the layer cannot "
                "be understood",
                sys::printable(name), what)};
        else if (what == "protattr")
            object.is_protected = !value.empty();
    }
    object.has_bookkeeping = count != 0;
    object.only_origin = object.copied_up && count == 1;
    object.state.xattrs = std::move(kept);
}

/// Whoever owns the directory may have put another file there since: what a mode that is public says of the
/// one is not to show the other's bytes.
void expect_same(int file, const struct stat& seen, const std::string& name) {
    struct stat now = {};
    sys::check(::fstat(file, &now), "look at", name);
    // An overlay may give a file another number when it is opened, so that alone is no sign.
    const bool same = now.st_uid == seen.st_uid && now.st_gid == seen.st_gid && now.st_mode == seen.st_mode;
    if (!same)
        throw sys::MovedMeanwhile{fmt::format("'{}' was replaced while it was read", sys::printable(name))};
}

} // namespace

ReadObject ObjectReader::read(int directory, const std::string& name, const struct stat& status,
                              Location where) {
    ReadObject object;
    object.state = model::object_state(status);
    object.stamp = model::stamp(status);
    object.links = status.st_nlink;
    object.accessed = status.st_atim;
    if (where == Location::layer && is_whiteout(status)) {
        object.whiteout = true;
        return object;
    }
    if (object.state.type == model::ObjectType::file) {
        const sys::UniqueFd fd = sys::open_leased(directory, name, O_RDONLY | O_NOFOLLOW | O_NOATIME);
        if (!fd) throw sys::SysError{errno, "open", name};
        expect_same(fd.get(), status, name);
        object.state.xattrs = sys::read_xattrs(fd.get(), name);
        if (where == Location::live) object.state.flags = sys::read_inode_flags(fd.get());
        if (object.state.size <= shown_limit) object.content.emplace();
        const ContentHash::Result read =
            content_.of(fd.get(), status, name, object.content ? &*object.content : nullptr);
        object.state.sha256 = read.digest;
        object.state.size = read.size;
    } else {
        object.state.xattrs = sys::read_xattrs_at(directory, name);
        if (where == Location::live && object.state.type == model::ObjectType::directory)
            object.state.flags = sys::read_inode_flags_at(directory, name);
        if (object.state.type == model::ObjectType::symlink)
            object.state.target = sys::read_link_at(directory, name);
    }
    if (where == Location::layer)
        translate_bookkeeping(object, name);
    else // another overlay's notes, in a live tree that is its layer, too: no view shows them
        std::erase_if(object.state.xattrs,
                      [](const auto& one) { return one.first.starts_with(model::overlay_prefix); });
    return object;
}

void ObjectReader::read_flags(int directory, const std::string& name, const ReadObject& below,
                              ReadObject& object) {
    object.state.flags = sys::read_inode_flags_at(directory, name);
    if (object.copied_up && below.state.type == object.state.type)
        object.state.flags |= below.state.flags & ~sys::copied_up_flags;
}

} // namespace disco::overlay
