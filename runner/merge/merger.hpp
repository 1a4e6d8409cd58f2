#pragma once

#include "runner/merge/journal.hpp"
#include "runner/merge/undo_store.hpp"
#include "runner/model/merge_plan.hpp"
#include "runner/model/run_report.hpp"
#include "runner/sys/error.hpp"

#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace disco::merge {

/// One managed mount and what is to be done to it.
struct TreeToMerge {
    std::filesystem::path live; ///< the managed mount's root directory on the live root
    std::string prefix;         ///< its path inside the live root: "" or "/home"
    model::MergePlan plan;
    std::filesystem::path
        layer; ///< what ObjectSource::Location::layer is relative to; moved to the undo store
    std::filesystem::path kept;                  ///< the same of Where::staging; empty: there is none yet
    std::vector<model::Conflict> conflicts = {}; ///< that were found when it was planned
};

/// The merge had begun, failed, and everything it did was undone.
class Undone : public sys::Error {
public:
    using Error::Error;
};

/// The merge failed and not everything could be undone. What it replaced lies in the undo store, and the
/// journal stays open: recover() tries again.
class UndoFailed : public sys::Error {
public:
    using Error::Error;
};

/// Brings all trees to the live root: all of it or nothing, also across a crash (see recover in
/// recovery.hpp).
///
/// Every conflict is found before the first live change: then nothing is changed and the report lists them.
/// An error on the way undoes what was done and becomes Undone; if undoing fails too, UndoFailed says which
/// paths are left in which state. An error before the first live change is thrown as it is (sys::Error).
/// `heading.run` names the run in the store; afterwards its originals are there, on the file system of the
/// store. `dance_started` is CLOCK_REALTIME when the dance began: a live object whose ctime is later is a
/// conflict. Not interruptible by signals. Needs no lock of its own; the caller holds the dance's.
[[nodiscard]] model::MergeReport merge(std::vector<TreeToMerge> trees, const UndoStore& store,
                                       const JournalHeading& heading, const timespec& dance_started);

/// The conflicts that `merge` would find; changes nothing.
[[nodiscard]] std::vector<model::Conflict> find_conflicts(const std::vector<TreeToMerge>& trees,
                                                          const timespec& dance_started);

} // namespace disco::merge
