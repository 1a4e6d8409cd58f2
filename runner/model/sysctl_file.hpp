#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::model {

/// The files that `sysctl -p [FILE…]` loads, "/etc/sysctl.conf" when none is named; nothing for other words
/// of sysctl, and where one is its standard input. Pure.
[[nodiscard]] std::optional<std::vector<std::string>>
files_loaded_by_sysctl(const std::vector<std::string>& argv);

/// The assignments in the text of such a file (sysctl.d(5)), as words for `sysctl -w`:
/// "net.ipv4.ip_forward=1". Nothing when a line of it can only be understood by sysctl itself: patterns, and
/// lines without a value. Pure.
[[nodiscard]] std::optional<std::vector<std::string>> assignments_of_sysctl_file(std::string_view text);

} // namespace disco::model
