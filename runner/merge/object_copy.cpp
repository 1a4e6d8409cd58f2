#include "runner/merge/object_copy.hpp"

#include "runner/model/overlay_xattrs.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/inode_flags.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/leased_file.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/path_length.hpp"
#include "runner/sys/tree_walk.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

/// What an object has for a reader of the live root: without bookkeeping, one level unescaped.
sys::Xattrs plain(sys::Xattrs&& all) {
    sys::Xattrs plain;
    for (auto& [attribute, value] : all)
        if (auto visible = model::visible_attribute(attribute))
            plain.emplace_back(std::move(*visible), std::move(value));
    return plain;
}

/// copy_file_range(2) that may also cross file systems that cannot do it between themselves.
ssize_t copy_some(int from, int to, off_t at, std::size_t count) {
    off_t in = at, out = at;
    const ssize_t got = ::copy_file_range(from, &in, to, &out, count, 0);
    if (got >= 0 || (errno != EXDEV && errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS)) return got;
    std::array<char, 65536> buffer = {};
    const ssize_t read = ::pread(from, buffer.data(), std::min(count, buffer.size()), at);
    return read <= 0 ? read : ::pwrite(to, buffer.data(), static_cast<std::size_t>(read), at);
}

void copy_range(int from, int to, off_t at, off_t end, const std::string& name) {
    while (at < end) {
        const ssize_t got = copy_some(from, to, at, static_cast<std::size_t>(end - at));
        if (got < 0) throw sys::SysError{errno, "copy", name};
        if (got == 0) return; // it has become shorter
        at += got;
    }
}

/// Holes stay holes (lseek(2), SEEK_DATA).
void copy_content(int from, int to, off_t size, const std::string& name) {
    sys::check(::ftruncate(to, size), "set the size of", name);
    for (off_t at = 0; at < size;) {
        const off_t data = ::lseek(from, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) return; // a hole to the end
        if (data < 0) throw sys::SysError{errno, "copy", name};
        const off_t hole = sys::check(::lseek(from, data, SEEK_HOLE), "copy", name);
        copy_range(from, to, data, hole, name);
        at = hole;
    }
}

/// A flag that the other file system does not know has nowhere to go.
void copy_flags(int from, int to) {
    if (const unsigned flags = sys::read_inode_flags(from); flags != 0) sys::set_inode_flags(to, flags);
}

} // namespace

model::Metadata read_metadata(const sys::HeldObject& object, Bookkeeping bookkeeping) {
    const struct stat& status = object.status();
    sys::Xattrs xattrs = object.read_xattrs();
    return {status.st_mode & 07777,
            status.st_uid,
            status.st_gid,
            status.st_atim,
            status.st_mtim,
            bookkeeping == Bookkeeping::strip ? plain(std::move(xattrs)) : std::move(xattrs)};
}

bool is_planned(const sys::HeldObject& object, const model::Stamp& expected) {
    const struct stat& status = object.status();
    return status.st_ino == expected.inode && (status.st_mode & S_IFMT) == (expected.mode & S_IFMT);
}

void set_metadata(const sys::HeldObject& object, const model::Metadata& wanted, Times times) {
    const struct stat& status = object.status();
    // The owner first: chown(2) clears set-id bits and capabilities.
    if (status.st_uid != wanted.uid || status.st_gid != wanted.gid) object.set_owner(wanted.uid, wanted.gid);
    // Where the live tree is a layer of another overlay, its notes are no business of a script.
    object.replace_xattrs(wanted.xattrs, [](const std::string& attribute) {
        return attribute.starts_with(model::overlay_prefix);
    });
    if (wanted.flags) object.set_flags(*wanted.flags);
    // The mode last: an ACL that was taken off or set has changed the group's bits.
    if (!S_ISLNK(status.st_mode)) object.set_mode(wanted.mode);
    if (times == Times::copy) object.set_times(wanted.atime, wanted.mtime);
}

void add_flags(int directory, const std::string& name, unsigned flags) {
    sys::set_inode_flags_at(directory, name, flags | sys::read_inode_flags_at(directory, name));
}

void remove_bookkeeping(int directory, const std::string& name) {
    sys::Xattrs restored;
    for (const std::string& attribute : sys::xattr_names_at(directory, name)) {
        if (!attribute.starts_with(model::overlay_prefix)) continue;
        if (auto visible = model::visible_attribute(attribute))
            if (auto value = sys::read_xattr_at(directory, name, attribute))
                restored.emplace_back(std::move(*visible), std::move(*value));
        sys::remove_xattr_at(directory, name, attribute);
    }
    for (const auto& [attribute, value] : restored) sys::set_xattr_at(directory, name, attribute, value);
}

namespace {

/// The object that was just made under a name, when whoever may write to the directory has left it there.
/// `owner`: what is new here gets. `inode`: of what was made, where that is known; else 0.
sys::HeldObject hold_made(int directory, const std::string& name, uid_t owner, mode_t type, ino_t inode) {
    sys::HeldObject made{directory, name};
    const struct stat& status = made.status();
    if (status.st_uid == owner && (status.st_mode & S_IFMT) == type && (inode == 0 || status.st_ino == inode))
        return made;
    throw sys::Error{fmt::format("somebody else has replaced '{}' while it was copied", name)};
}

struct Parent {
    sys::UniqueFd directory;
    std::string name;
};
Parent parent_of(int top, const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string parent = slash == std::string::npos ? "." : path.substr(0, slash);
    return {sys::open_beneath(top, parent, O_RDONLY | O_DIRECTORY),
            slash == std::string::npos ? path : path.substr(slash + 1)};
}

} // namespace

ObjectCopy::ObjectCopy(int to, Bookkeeping bookkeeping) : to_{to}, bookkeeping_{bookkeeping} {
    struct stat status = {};
    sys::check(::fstat(to, &status), "look at", "the directory for copies");
    owner_ = status.st_uid;
}

bool ObjectCopy::copy_link(const struct stat& status, int to_directory, const std::string& target) {
    const auto known = links_.find({status.st_dev, status.st_ino});
    if (known == links_.end()) return false;
    const Parent there = parent_of(to_, known->second.path);
    sys::check(::linkat(there.directory.get(), there.name.c_str(), to_directory, target.c_str(), 0), "link",
               target);
    const auto linked = sys::stat_at(to_directory, target);
    if (!linked || linked->st_ino != known->second.inode)
        throw sys::Error{fmt::format("somebody else has replaced '{}' while it was copied", target)};
    return true;
}

void ObjectCopy::leave_out(Told told, sys::LeasePatience patience) {
    told_ = std::move(told);
    patience_ = patience;
}

bool ObjectCopy::costs_itself(const sys::Error& error) const {
    if (!told_ || dynamic_cast<const sys::Interrupted*>(&error) != nullptr) return false;
    const auto* call = dynamic_cast<const sys::SysError*>(&error);
    if (call == nullptr) return true; // a lease, what was moved, attributes that are too large
    switch (call->code()) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV: // something is mounted there
    case ENXIO:
    case EMLINK: // of an object that the other file system cannot have
    case EFBIG:
    case E2BIG:
    case ERANGE:
    case ENAMETOOLONG:
    case EOPNOTSUPP: return true;
    default: return false;
    }
}

bool ObjectCopy::is_full() const {
    constexpr std::uint64_t little = std::uint64_t{1} << 20;
    struct statvfs room = {};
    if (::fstatvfs(to_, &room) != 0) return true;
    return static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize < little ||
           (room.f_files != 0 && room.f_favail == 0);
}

/// ext4 says that there is no room for attributes that are larger than a block of it.
void ObjectCopy::set(const sys::HeldObject& made, const model::Metadata& metadata) const {
    try {
        set_metadata(made, metadata, Times::copy);
    } catch (const sys::SysError& error) {
        if (!told_ || error.code() != ENOSPC || is_full()) throw;
        throw sys::Error{fmt::format("its extended attributes are too large there: {}", error.full_text())};
    }
}

sys::UniqueFd ObjectCopy::copy_one(int from_directory, const std::string& name, int to_directory,
                                   const std::string& target, const std::string& path) {
    std::optional<sys::HeldObject> source;
    try {
        source.emplace(from_directory, name);
        return copy_held(*source, to_directory, target, path);
    } catch (const sys::Error& error) {
        if (!costs_itself(error)) throw;
        const auto* call = dynamic_cast<const sys::SysError*>(&error);
        const bool gone = !source && call != nullptr && call->code() == ENOENT;
        sys::remove_tree_at(to_directory, target);
        if (!gone) told_(path, error);
        return {};
    }
}

sys::UniqueFd ObjectCopy::copy_held(const sys::HeldObject& source, int to_directory,
                                    const std::string& target, const std::string& path) {
    const struct stat& status = source.status();
    const mode_t type = status.st_mode & S_IFMT;
    const bool linked = type != S_IFDIR && status.st_nlink > 1;
    if (linked && copy_link(status, to_directory, target)) return {};
    ino_t inode = 0;
    sys::LeasePatience& patience = patience_ ? *patience_ : sys::LeasePatience::of_process();
    switch (type) {
    case S_IFDIR: {
        sys::UniqueFd from = source.open(O_RDONLY | O_DIRECTORY, patience);
        sys::check(::mkdirat(to_directory, target.c_str(), 0700), "make directory", target);
        begun_.push_back({target, read_metadata(source, bookkeeping_), sys::read_inode_flags(from.get())});
        return from;
    }
    case S_IFLNK:
        sys::check(::symlinkat(source.read_link().c_str(), to_directory, target.c_str()), "make symlink",
                   target);
        break;
    case S_IFREG: {
        const sys::UniqueFd from = source.open(O_RDONLY, patience);
        const sys::UniqueFd to = sys::open_beneath(to_directory, target, O_WRONLY | O_CREAT | O_EXCL, 0600);
        copy_content(from.get(), to.get(), status.st_size, target);
        copy_flags(from.get(), to.get());
        struct stat made = {};
        sys::check(::fstat(to.get(), &made), "look at", target);
        inode = made.st_ino;
        break;
    }
    default: sys::check(::mknodat(to_directory, target.c_str(), type | 0600, status.st_rdev), "make", target);
    }
    const sys::HeldObject made = hold_made(to_directory, target, owner_, type, inode);
    set(made, read_metadata(source, bookkeeping_));
    if (linked) links_[{status.st_dev, status.st_ino}] = {path, made.status().st_ino};
    return {};
}

void ObjectCopy::finish_directory(int to_directory, const std::string& path) {
    const BegunCopy begun = std::move(begun_.back());
    begun_.pop_back();
    try {
        const sys::HeldObject copy = hold_made(to_directory, begun.name, owner_, S_IFDIR, 0);
        if (begun.flags != 0) copy.set_flags(begun.flags);
        set(copy, begun.metadata);
    } catch (const sys::Error& error) {
        if (!costs_itself(error)) throw;
        told_(path, error);
    }
}

void ObjectCopy::copy(int from_directory, const std::string& name, const std::string& target) {
    const Parent place = parent_of(to_, target);
    begun_.clear();
    sys::UniqueFd from = copy_one(from_directory, name, place.directory.get(), place.name, target);
    if (!from) return;
    copy_inside(std::move(from), sys::open_beneath(place.directory.get(), place.name, O_RDONLY | O_DIRECTORY),
                target);
    finish_directory(place.directory.get(), target);
}

void ObjectCopy::copy_inside(sys::UniqueFd from, sys::UniqueFd to_top, const std::string& path) {
    sys::TreeWalk walk{std::move(from), path};
    sys::Descent to{std::move(to_top)};
    const auto here = [&] { return path + "/" + walk.path(); };
    const auto leave_to = [&](std::size_t depth) {
        while (to.depth() > depth) {
            to.leave();
            finish_directory(to.directory(), here());
        }
    };
    const auto next = [&] {
        try {
            return walk.next();
        } catch (const sys::MovedMeanwhile& error) {
            if (!costs_itself(error)) throw;
            walk.resume();
            told_(here(), error);
            return true;
        }
    };
    for (std::uint64_t names = 0; next();) {
        if (!walk.found()) {
            leave_to(walk.depth());
            continue;
        }
        if (told_) sys::throw_if_interrupted();
        if (told_ && ++names > most_) {
            told_(here(),
                  sys::Error{"somebody goes on adding to the tree; what comes after this in it is not "
                             "copied either"});
            return leave_to(0);
        }
        if (here().size() > sys::longest_path) {
            if (!told_) sys::check_path_length("", here());
            told_(sys::path_for_people(here()), sys::Error{"it is deeper than a path can be long"});
            continue;
        }
        sys::UniqueFd inside = copy_one(walk.directory(), walk.name(), to.directory(), walk.name(), here());
        if (!inside) continue;
        to.enter(sys::open_beneath(to.directory(), walk.name(), O_RDONLY | O_DIRECTORY));
        walk.enter(std::move(inside));
    }
}

} // namespace disco::merge
