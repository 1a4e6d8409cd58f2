#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::model {

/// The assignments of `sysctl [-w] NAME=VALUE…`; nothing when the words hold anything else. Pure.
[[nodiscard]] std::optional<std::vector<std::string>>
assigned_by_sysctl(const std::vector<std::string>& argv);

/// It loads the files of the system's directories, in the order of sysctl.d(5). Pure.
[[nodiscard]] bool loads_system_settings(const std::vector<std::string>& argv);

/// The files that `sysctl -p [FILE…]` loads, "/etc/sysctl.conf" when none is named; nothing for other words
/// of sysctl, and where one is its standard input. Pure.
[[nodiscard]] std::optional<std::vector<std::string>>
files_loaded_by_sysctl(const std::vector<std::string>& argv);

/// The assignments in the text of such a file (sysctl.d(5)), as words for `sysctl -w`:
/// "net.ipv4.ip_forward=1". Nothing when a line of it can only be understood by sysctl itself: patterns, and
/// lines without a value. Pure.
[[nodiscard]] std::optional<std::vector<std::string>> assignments_of_sysctl_file(std::string_view text);

/// The key as a path below /proc/sys: "net/ipv4/ip_forward" of "net.ipv4.ip_forward". The first sign of the
/// two says which one parts the names (sysctl.d(5)). Pure.
[[nodiscard]] std::string sysctl_path(std::string_view key);

/// Of assignments of the same key the last one alone. Pure.
[[nodiscard]] std::vector<std::string> last_assignments(const std::vector<std::string>& assignments);

} // namespace disco::model
