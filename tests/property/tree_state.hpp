#pragma once

#include "runner/model/object_state.hpp"

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include <sys/types.h>

namespace disco::property {

/// All that a reader of a file system can tell of one object.
struct Seen {
    model::ObjectState state;
    int flags = 0;            ///< chattr(1)
    std::uint64_t blocks = 0; ///< of 512 bytes
    std::string linked_to;    ///< the first name of its inode; its own when there is none before
};
using TreeState = std::map<std::string, Seen>; ///< by path; "" is the top

[[nodiscard]] TreeState read_tree(const std::filesystem::path& root);

/// Whether times that were set on purpose have to be equal. Times alone are no change, so that a module that
/// sets those of an earlier one's files leaves nothing.
enum class DeliberateTimes { equal, ignored };
/// What distinguishes `copy` from `original`, a line each: `copy` may have other times than `original` where
/// they are of the moment, and holes elsewhere. `before`: what both were. Empty when nothing does.
[[nodiscard]] std::string differences(const TreeState& before, const TreeState& original,
                                      const TreeState& copy, DeliberateTimes times);

/// Paths ("/x") whose content or metadata differ, or that belong to other ones of the names that
/// were and are there. Times are no difference.
enum class Links { count, ignored };
[[nodiscard]] std::set<std::string> changed_paths(const TreeState& before, const TreeState& after,
                                                  Links links);

} // namespace disco::property
