#pragma once

#include "runner/model/composition.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace disco::model {

/// Where an object for the live root lies: at `path` in the layer, or, after it was copied to the live root's
/// file system, under that name in the staging directory.
struct ObjectSource {
    enum class Where : std::uint8_t { layer, staging } where = Where::layer;
    std::string path;
    bool operator==(const ObjectSource&) const = default;
};

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
    std::vector<std::string> clean; ///< objects of the layer, to be rid of overlay bookkeeping first
    std::vector<LiveStep> live;     ///< in order; every one can be undone
};

[[nodiscard]] const std::string& path_of(const LiveStep& step);
/// "put '/etc/x'", for messages.
[[nodiscard]] std::string describe(const LiveStep& step);

/// Pure. A new directory is one step, whatever it holds.
[[nodiscard]] MergePlan plan_merge(const Composition& composition);

} // namespace disco::model
