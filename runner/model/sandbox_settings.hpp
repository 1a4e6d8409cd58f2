#pragma once

#include "runner/model/run_report.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace disco::model {

enum class Network { isolated, egress, host }; ///< in the order of what they reach
[[nodiscard]] const char* to_string(Network network);
[[nodiscard]] std::optional<Network> parse_network(std::string_view word);

/// How the scripts of a no-op are confined; `automatic` starts each as strict, and repeats as simulate those
/// that need more.
enum class ScriptProfile { automatic, strict, simulate };
[[nodiscard]] std::optional<ScriptProfile> parse_script_profile(std::string_view word); ///< "auto", …

/// A module's `sandbox` file: lines `network egress`, `timeout 600` (seconds), `profile simulate`.
struct SandboxSettings {
    std::optional<Network> network;
    std::optional<std::chrono::seconds> timeout;
    std::optional<ScriptProfile> profile;
};

/// Throws BadConfiguration with "FILE:LINE: …". Pure.
[[nodiscard]] SandboxSettings parse_sandbox_settings(std::string_view text, std::string_view file);

} // namespace disco::model
