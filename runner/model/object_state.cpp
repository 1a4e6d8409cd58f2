#include "runner/model/object_state.hpp"

#include "runner/sys/moment.hpp"

namespace disco::model {

const char* to_string(ObjectType type) {
    switch (type) {
    case ObjectType::file: return "file";
    case ObjectType::directory: return "directory";
    case ObjectType::symlink: return "symlink";
    case ObjectType::fifo: return "fifo";
    case ObjectType::socket: return "socket";
    case ObjectType::block_device: return "block-device";
    case ObjectType::character_device: return "character-device";
    }
    return "?"; // not reached: -Wswitch guards the list
}

ObjectType object_type(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFDIR: return ObjectType::directory;
    case S_IFLNK: return ObjectType::symlink;
    case S_IFIFO: return ObjectType::fifo;
    case S_IFSOCK: return ObjectType::socket;
    case S_IFBLK: return ObjectType::block_device;
    case S_IFCHR: return ObjectType::character_device;
    default: return ObjectType::file;
    }
}

ObjectState object_state(const struct stat& status) {
    ObjectState state;
    state.type = object_type(status.st_mode);
    state.mode = status.st_mode & 07777;
    state.uid = status.st_uid;
    state.gid = status.st_gid;
    state.size = state.type == ObjectType::file ? static_cast<std::uint64_t>(status.st_size) : 0;
    state.mtime = status.st_mtim;
    const bool device = state.type == ObjectType::block_device || state.type == ObjectType::character_device;
    state.rdev = device ? status.st_rdev : 0;
    return state;
}

bool same_metadata(const ObjectState& a, const ObjectState& b) {
    const bool modes_count = a.type != ObjectType::symlink && b.type != ObjectType::symlink;
    return a.uid == b.uid && a.gid == b.gid && (!modes_count || a.mode == b.mode) && a.xattrs == b.xattrs &&
           a.flags == b.flags && a.linked_to == b.linked_to;
}

bool same_content(const ObjectState& a, const ObjectState& b) {
    return a.type == b.type && a.size == b.size && a.target == b.target && a.rdev == b.rdev &&
           a.sha256 == b.sha256;
}

Stamp stamp(const struct stat& status) {
    return {.inode = status.st_ino,
            .size = static_cast<std::uint64_t>(status.st_size),
            .mtime = status.st_mtim,
            .ctime = status.st_ctim,
            .mode = status.st_mode,
            .uid = status.st_uid,
            .gid = status.st_gid};
}

Stamp stamp(const struct statx& status) {
    return {.inode = status.stx_ino,
            .size = status.stx_size,
            .mtime = {.tv_sec = status.stx_mtime.tv_sec, .tv_nsec = status.stx_mtime.tv_nsec},
            .ctime = {.tv_sec = status.stx_ctime.tv_sec, .tv_nsec = status.stx_ctime.tv_nsec},
            .mode = status.stx_mode,
            .uid = status.stx_uid,
            .gid = status.stx_gid};
}

bool operator==(const Stamp& a, const Stamp& b) {
    return a.inode == b.inode && a.size == b.size && sys::same_moment(a.mtime, b.mtime) &&
           sys::same_moment(a.ctime, b.ctime) && a.mode == b.mode && a.uid == b.uid && a.gid == b.gid;
}

} // namespace disco::model
