#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace disco::model {

inline constexpr const char* default_state_directory = "/var/lib/disco";

/// What a person is told to type: "disco recover", and the option for the state directory where that is not
/// the usual one. Pure.
[[nodiscard]] std::string command_hint(std::string_view command, const std::filesystem::path& state);

} // namespace disco::model
