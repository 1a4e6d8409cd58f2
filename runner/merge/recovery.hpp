#pragma once

#include "runner/merge/journal.hpp"
#include "runner/merge/undo_store.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace disco::merge {

/// What became of a run whose journal was open.
struct RecoveryResult {
    enum class Outcome {
        nothing_done, ///< the live root had not been touched
        undone,       ///< everything was taken back
        completed,    ///< everything had been merged; it can be rolled back
        not_kept,     ///< the same, but none of the originals could be kept
    } outcome = Outcome::nothing_done;
    std::string run;
    /// Of `undone` after it had been merged, as it could not have been undone later; else empty.
    std::string why = {};
    /// Of `undone`: what somebody else has changed since, a line each; kept in `kept_in`.
    std::vector<std::string> foreign;
    std::filesystem::path kept_in;
};

/// Ends a run whose journal is open: the live root gets its old state, or, if the merge had been
/// committed, what is left to do is done. May be interrupted at any point, also by a crash, and repeated.
/// Throws sys::Error that says what could not be put back or which journal cannot be read; the journal stays
/// open then.
[[nodiscard]] RecoveryResult recover(const UndoStore& store, const std::string& run);

/// The same for a journal whose contents are known.
[[nodiscard]] RecoveryResult recover(const UndoStore& store, JournalRecord record);

/// All of them, newest first: a later merge stands on an earlier one.
[[nodiscard]] std::vector<RecoveryResult> recover_all(const UndoStore& store);

} // namespace disco::merge
