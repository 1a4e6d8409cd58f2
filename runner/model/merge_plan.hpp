#pragma once

#include "runner/model/composition.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace disco::model {

/// Where a prepared object lies: at `path` below the upperdir of a layer, or under a name in the staging
/// directory.
struct ObjectSource {
    static constexpr std::uint32_t staging = UINT32_MAX;
    std::uint32_t layer = 0;
    std::string path;
    bool operator==(const ObjectSource&) const = default;
};

/// Preparation within scratch: makes staging/`target`, a directory with the metadata of `like`.
struct StageDirectory {
    std::string target;
    ObjectSource like;
    bool operator==(const StageDirectory&) const = default;
};
/// Preparation within scratch: moves an object into a staged directory.
struct StageObject {
    ObjectSource from;
    std::string target;
    bool operator==(const StageObject&) const = default;
};
/// Preparation within scratch: takes overlay bookkeeping off an object.
struct CleanObject {
    ObjectSource object;
    bool operator==(const CleanObject&) const = default;
};
using PrepareStep = std::variant<StageDirectory, StageObject, CleanObject>;

/// Live: an object (a directory with all it holds) where there is nothing.
struct PutNew {
    std::string path;
    ObjectSource from;
};
/// Live: an object in place of another one, which ends where the new one was.
struct Exchange {
    std::string path;
    ObjectSource from;
    Stamp expected;
};
/// Live: an object goes into the staging directory as `kept_as`.
struct Remove {
    std::string path;
    Stamp expected;
    std::string kept_as;
};
/// Live: owner, mode and xattrs of an object become those of `like`.
struct SetMetadata {
    std::string path;
    ObjectSource like;
    Stamp expected;
};
using LiveStep = std::variant<PutNew, Exchange, Remove, SetMetadata>;

/// What brings one managed mount's composition to the live root. Paths are relative to the mount.
struct MergePlan {
    std::vector<PrepareStep> prepare; ///< in order; nothing live is touched
    std::vector<LiveStep> live;       ///< in order; every one can be undone
};

[[nodiscard]] const std::string& path_of(const LiveStep& step);
/// "put '/etc/x'", for messages.
[[nodiscard]] std::string describe(const LiveStep& step);

/// Pure. A new directory that comes whole from one layer is one step, whatever it holds.
[[nodiscard]] MergePlan plan_merge(const Composition& composition);

} // namespace disco::model
