#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The language between the generator of random scripts and the payload that performs them. Both are built
// from this file; it depends on nothing of disco.
namespace disco::property {

/// One thing that a script may do to files. What `numbers` and `text` mean is said for each.
enum class Act : std::uint8_t {
    create,         ///< a new file: mode, bytes
    overwrite,      ///< made or emptied: mode, bytes
    write,          ///< into a file: offset, bytes
    append,         ///< bytes
    open,           ///< for writing, and nothing written
    truncate,       ///< size
    punch,          ///< a hole: offset, bytes
    make_directory, ///< mode
    remove_directory,
    unlink,
    remove_tree,
    rename,           ///< to `other`
    rename_noreplace, ///< the same where nothing is there
    exchange,         ///< with `other`
    link,             ///< `other` is the new name
    symlink,          ///< to `other`
    fifo,             ///< mode
    socket,           ///< mode
    device,           ///< mode with type, device number
    chmod,            ///< mode
    chown,            ///< user, group
    set_xattr,        ///< `other` is the name, `text` the value
    remove_xattr,     ///< `other` is the name
    access_acl,       ///< permissions of a named user, of others
    default_acl,      ///< the same
    capability,       ///< permitted
    set_times,        ///< modification time in seconds
    set_umask,        ///< mask, for what follows
    set_flags,        ///< FS_…_FL
    replace, ///< as sed -i does: `other` made, with the content and mode of `path`, and renamed over it
};
constexpr int acts = static_cast<int>(Act::replace) + 1;
[[nodiscard]] const char* to_string(Act act);

struct Operation {
    Act act = Act::create;
    bool as_user = false; ///< with the file system rights of an ordinary user
    std::array<std::uint64_t, 2> numbers = {};
    std::string path; ///< relative to the root; "." is the root itself
    std::string other{};
    std::string text{};
};

constexpr unsigned ordinary_user = 33; ///< also a group

[[nodiscard]] std::string serialize(const std::vector<Operation>& operations);
[[nodiscard]] std::vector<Operation> parse(std::string_view bytes);

} // namespace disco::property
