#pragma once

#include "runner/merge/journal.hpp"
#include "runner/merge/undo_store.hpp"
#include "runner/model/prepared_plan.hpp"

#include <cstdint>
#include <string>

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

/// The same for all managed mounts of a run. What was merged stays so, whether the copies can be removed and
/// the bytes be counted or not: a warning says so. Not for a rollback, which has no copies: what is in its
/// layer beside its own originals is another run's that was kept.
void remove_copies(const JournalRecord& record, const UndoStore& store);
/// For the limits of the store, for which an estimate does: what is deeper than a path can be long does not
/// count.
[[nodiscard]] std::uint64_t bytes_kept(const JournalRecord& record, const UndoStore& store);

/// Where on the live root an original lay, or what was in one: `source` is its path below `kept`. With
/// `prefix`, of the managed mount.
[[nodiscard]] std::string live_path(const model::PreparedPlan& plan, const std::string& prefix,
                                    const std::string& source);

} // namespace disco::merge
