#include "runner/overlay/object_reader.hpp"

#include "runner/model/overlay_xattrs.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/inode_flags.hpp"
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

} // namespace

ReadObject ObjectReader::read(int directory, const std::string& name, const struct stat& status,
                              Where where) {
    ReadObject object;
    object.state = model::object_state(status);
    object.stamp = model::stamp(status);
    object.links = status.st_nlink;
    object.accessed = status.st_atim;
    if (where == Where::layer && S_ISCHR(status.st_mode) && status.st_rdev == 0) {
        object.whiteout = true;
        return object;
    }
    if (object.state.type == model::ObjectType::file) {
        const sys::UniqueFd fd{
            ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC)};
        if (!fd) throw sys::SysError{errno, "open", name};
        object.state.xattrs = sys::read_xattrs(fd.get(), name);
        if (where == Where::live) object.state.flags = sys::read_inode_flags(fd.get());
        read_content(fd.get(), name, object);
    } else {
        object.state.xattrs = sys::read_xattrs_at(directory, name);
        if (where == Where::live && object.state.type == model::ObjectType::directory)
            object.state.flags = sys::read_inode_flags_at(directory, name);
        if (object.state.type == model::ObjectType::symlink)
            object.state.target = sys::read_link_at(directory, name);
    }
    if (where == Where::layer)
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

void ObjectReader::read_content(int fd, const std::string& name, ReadObject& object) {
    buffer_.resize(std::size_t{64} << 10);
    const bool shown = object.state.size <= shown_limit;
    std::string content;
    std::uint64_t total = 0;
    // The size is known: a file that is read to it needs no further call to see its end, unless it is
    // growing.
    while (total < object.state.size) {
        const std::size_t want =
            static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), object.state.size - total));
        const ssize_t got = TEMP_FAILURE_RETRY(::read(fd, buffer_.data(), want));
        if (got < 0) throw sys::SysError{errno, "read", name};
        if (got == 0) break;
        const std::string_view bytes{buffer_.data(), static_cast<std::size_t>(got)};
        hash_.update(bytes);
        if (shown) content += bytes;
        total += bytes.size();
    }
    object.state.size = total;
    object.state.sha256 = hash_.finish();
    if (shown) object.content = std::move(content);
}

} // namespace disco::overlay
