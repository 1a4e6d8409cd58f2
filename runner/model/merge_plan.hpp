#pragma once

#include "runner/model/composition.hpp"
#include "runner/sys/metadata.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace disco::model {

/// Where an object for the live root lies: at `path` in the layer, or, after it was copied to the live root's
/// file system, under that name in the staging directory.
struct ObjectSource {
    enum class Location : std::uint8_t { layer, staging } where = Location::layer;
    std::string path;
};

/// What a step sets on an object that stays.
struct Metadata {
    mode_t mode = 0; ///< permission and set-id bits
    uid_t uid = 0;
    gid_t gid = 0;
    timespec atime = {}, mtime = {};
    sys::Xattrs xattrs;                           ///< all of them, without overlay bookkeeping
    std::optional<unsigned> flags = std::nullopt; ///< of chattr(1); nothing: they stay
};
struct MetadataChange {
    Metadata before, after;
};

[[nodiscard]] bool differ_in_times_alone(const MetadataChange& change);

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
/// Live: owner, mode and xattrs of an object become those of `like`; its flags are given.
struct SetMetadata {
    std::string path;
    ObjectSource like;
    Stamp expected;
    unsigned flags = 0; ///< of chattr(1), that it gets
    /// Of a rollback, whose layer has originals alone: what is set, by the record of the merge. Else null.
    std::shared_ptr<const MetadataChange> given = nullptr;
};
using LiveStep = std::variant<PutNew, Exchange, Remove, SetMetadata>;

/// An object of the layer gets flags that it lacks, as its live counterpart has them: overlayfs does not give
/// them to a copy.
struct AddFlags {
    std::string path;
    unsigned flags;
};

struct DirectoryTimes {
    std::string path;
    timespec atime = {}, mtime = {};
    std::optional<timespec> ctime = std::nullopt; ///< is not set; see merge::OwnWork
};

/// What brings one managed mount's composition to the live root. Paths are relative to the mount. Made by
/// looking alone, so it can be shown, saved, and held against the live root; it can be carried out when it is
/// prepared (prepared_plan.hpp).
struct MergePlan {
    std::vector<std::string> clean;        ///< objects of the layer, to be rid of overlay bookkeeping first
    std::vector<std::string> clean_origin; ///< the same, where it is trusted.overlay.origin alone
    std::vector<AddFlags> flags;           ///< of objects of the layer, before they are put in place
    std::vector<LiveStep> live;            ///< in order; every one can be undone
    /// What the directories whose entries the steps change, and those whose metadata is set, get when all
    /// steps were taken. Renames change directories that the work itself did not, and scripts set times.
    std::vector<DirectoryTimes> parents_after;
};

/// Of a step, planned or prepared.
template <class... Steps> [[nodiscard]] const std::string& path_of(const std::variant<Steps...>& step) {
    return std::visit([](const auto& one) -> const std::string& { return one.path; }, step);
}

[[nodiscard]] std::string describe(const PutNew& step, const std::string& prefix);
[[nodiscard]] std::string describe(const Exchange& step, const std::string& prefix);
[[nodiscard]] std::string describe(const Remove& step, const std::string& prefix);
[[nodiscard]] std::string describe(const SetMetadata& step, const std::string& prefix);
/// "put '/etc/x'", for messages. `prefix`: of the managed mount, "" or "/home".
template <class... Steps>
[[nodiscard]] std::string describe(const std::variant<Steps...>& step, const std::string& prefix = "") {
    return std::visit([&](const auto& one) { return describe(one, prefix); }, step);
}

/// Pure. A new directory is one step, whatever it holds. Of a file with several names all are put in place,
/// when one has to be, so that they are one file again.
[[nodiscard]] MergePlan plan_merge(const Composition& composition);

} // namespace disco::model
