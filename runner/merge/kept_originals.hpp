#pragma once

#include "runner/model/prepared_plan.hpp"

#include <cstdint>

// What a run that was merged keeps, so that it can be rolled back: the originals, and nothing else.
namespace disco::merge {

/// Removes from a merged layer all but the originals that the steps have put there: copies of objects of
/// which the metadata alone was set, which the record has, and what was copied to another file system. Does
/// nothing the second time. `layer`: its directory, open for reading. Throws SysError.
void remove_all_but_originals(const model::PreparedPlan& plan, int layer);

/// How many bytes the originals of a plan take: those that the steps exchanged, in `layer` or `kept`, and
/// those that they removed, in `kept`; both open for reading. A file is counted once, whatever names it has,
/// and holes of large ones are not. Throws SysError.
[[nodiscard]] std::uint64_t bytes_of_originals(const model::PreparedPlan& plan, int layer, int kept);

} // namespace disco::merge
