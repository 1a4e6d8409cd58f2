#pragma once

#include "tests/support/throw_away.hpp"

#include <set>
#include <string>

#include <nlohmann/json.hpp>

namespace disco::tests {

/// Paths whose content is another one at every run.
using VaryingPaths = std::set<std::string>;

/// All that a report tells of changes and actions, but times: "MODULE PATH" → the change; "MODULE actions" →
/// what was asked for. Of a varying path everything but content, size and diff.
[[nodiscard]] Snapshot told_changes(const nlohmann::json& report, const VaryingPaths& varying = {});

/// The paths that two reports of the same dance tell other things of.
[[nodiscard]] VaryingPaths varying_paths(const nlohmann::json& one, const nlohmann::json& other);

/// A tree's contents with paths as reports write them.
[[nodiscard]] Snapshot with_json_paths(const Snapshot& contents);

/// What `contents` would find, with paths as JSON has them, when everything had been done to a tree that the
/// report tells, and nothing else.
[[nodiscard]] Snapshot as_told(const Snapshot& contents_before, const nlohmann::json& report);

/// The same contents without what may differ of varying paths.
[[nodiscard]] Snapshot without_varying(Snapshot contents, const VaryingPaths& varying);

} // namespace disco::tests
