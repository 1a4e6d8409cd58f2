#pragma once

#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace disco::policy {

/// Where commands of a tree are looked for, in a shell's order (sys::usual_path).
inline constexpr std::array<const char*, 6> command_directories = {
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};

/// Command names from restricted.d files: one a line, `#` comments. Throws BadConfiguration with "FILE:LINE:
/// …" for anything but a plain file name.
[[nodiscard]] std::set<std::string> parse_allow_list(std::string_view text, std::string_view file);

/// All files of LIB/restricted.d, and of /etc/disco/policy/restricted.d, where a file replaces one of the
/// same name.
[[nodiscard]] std::set<std::string> load_allow_list(const std::filesystem::path& lib);

/// Makes the PATH of strict scripts: a directory with a symlink for every command of the tree `root` (a
/// directory descriptor; its /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin): allowed ones lead
/// to the command itself, all others to the shim at `shim` (a path inside the sandbox). Returns how many were
/// made. `directory` must exist and be empty.
std::size_t make_command_directory(int root, const std::set<std::string>& allowed, const std::string& shim,
                                   const std::filesystem::path& directory);

/// Changes when a command comes or goes in a tree: the times of its directories. The same in an overlay where
/// nothing is above them.
using CommandStamp = std::array<std::array<long, 4>, command_directories.size()>;
[[nodiscard]] CommandStamp command_stamp(int root);

} // namespace disco::policy
