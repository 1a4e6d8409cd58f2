#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace disco::policy {

/// Where the machine's administrator replaces files of the policy, one by one.
inline constexpr const char* override_directory = "/etc/disco/policy";

/// The regular files of a directory by name, without those that editors leave behind; none when there is no
/// such directory. Throws SysError.
[[nodiscard]] std::map<std::string, std::filesystem::path>
policy_files(const std::filesystem::path& directory);

/// What disco ships in LIB/NAME, with the files of OVERRIDES/NAME in the place of those of the same name and
/// beside them. Throws SysError, and Error when nothing is shipped.
[[nodiscard]] std::map<std::string, std::filesystem::path>
effective_files(const std::filesystem::path& lib, const std::filesystem::path& overrides, const char* name);

} // namespace disco::policy
