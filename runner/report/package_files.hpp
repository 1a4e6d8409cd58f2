#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

// Which package a file belongs to, as dpkg's data base says. Pure.
namespace disco::report {

/// Where dpkg keeps its lists, in any tree.
inline constexpr std::string_view package_lists = "/var/lib/dpkg/info";

/// "libc6:amd64" of "libc6:amd64.list" and of its other files there; empty when there is no such name.
[[nodiscard]] std::string_view package_of_entry(std::string_view file_name);

/// Whether packages own the content of files there. Not below /etc, where a package's files are the
/// administrator's to change, nor where packages put none.
[[nodiscard]] bool is_package_place(std::string_view path);

/// The lists of a tree, or of several states of it: then a file belongs to who had it last.
class PackageFiles {
public:
    /// `text` is a list of paths, one a line.
    void add_list(std::string_view package, std::string text);

    /// `path` is absolute. Empty: it belongs to no package. What dpkg notes about a package belongs to it,
    /// listed or not. A list may name a file of /usr by the symlink that leads there: "/bin/sh". The result
    /// is valid as long as both this and `path` are.
    [[nodiscard]] std::string_view owner_of(std::string_view path) const;

private:
    [[nodiscard]] std::string_view listed_owner(std::string_view path) const;

    std::deque<std::string> texts_, packages_; ///< where the views below point; a deque moves no element
    std::unordered_map<std::string_view, std::size_t> owners_; ///< path → index in packages_
};

} // namespace disco::report
