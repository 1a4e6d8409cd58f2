#pragma once

#include "runner/merge/directory_cache.hpp"
#include "runner/model/merge_plan.hpp"
#include "runner/model/prepared_plan.hpp"
#include "runner/model/run_report.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace disco::merge {

/// Finds, before anything is changed, every step of a plan that the live root does not allow any more: what
/// was changed, removed or put there meanwhile, immutable objects, mount points, a read-only file system.
/// Reads only. `prefix`: the mount's path inside the live root, for the report.
[[nodiscard]] std::vector<model::Conflict> find_conflicts(const model::MergePlan& plan,
                                                          const DirectoryCache& live,
                                                          const std::string& prefix,
                                                          const timespec& dance_started);

/// Of an object that changed when it should not have; `path`: in the live root.
[[nodiscard]] model::Conflict changed_later(std::string path, const struct stat& status);

/// One step again, just before it is taken; nothing when it may be.
[[nodiscard]] std::vector<model::Conflict> find_conflicts(const model::PreparedStep& step,
                                                          DirectoryCache& live, const std::string& prefix,
                                                          const timespec& dance_started);

/// Of a step for an object that stays: the very object that is going to be changed.
[[nodiscard]] std::vector<model::Conflict> find_conflicts(const model::SetMetadata& step,
                                                          const std::optional<sys::HeldObject>& object,
                                                          const std::string& prefix,
                                                          const timespec& dance_started);

/// What was at `path` of the live root and was renamed to `place`, where it is now as `there` says: whether
/// it is another object than the plan expected, or has changed since. Its own ctime, which the rename sets,
/// does not count.
[[nodiscard]] std::vector<model::Conflict>
find_changes(const DirectoryCache::Place& place, const struct stat& there, const model::Stamp& expected,
             const std::string& prefix, const std::string& path, const timespec& dance_started);

} // namespace disco::merge
