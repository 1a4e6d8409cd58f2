#pragma once

#include "runner/merge/journal.hpp"
#include "runner/model/composition.hpp"
#include "runner/model/report.hpp"
#include "runner/sys/error.hpp"

#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

namespace disco::merge {

/// One managed mount and what the dance made of it.
struct TreeToMerge {
    std::filesystem::path live;  ///< the managed mount's root directory on the live root
    std::string prefix;          ///< its path inside the live root: "" or "/home"
    std::filesystem::path layer; ///< the upperdir that holds what the dance made of it
    const model::Composition* composition = nullptr;
};

/// The merge had begun, failed, and everything it did was undone.
class Undone : public sys::Error {
public:
    using Error::Error;
};

/// The merge failed and not everything could be undone. What it replaced lies in the staging directory, in
/// the layer, or beside the live tree (".disco-…"), and must be kept.
class UndoFailed : public sys::Error {
public:
    using Error::Error;
};

/// Brings all trees to the live root: all of it or nothing.
///
/// Every conflict is found before the first live change: then nothing is changed and the report lists them.
/// An error on the way undoes what was done and becomes Undone; if undoing fails too, UndoFailed says which
/// paths are left in which state. An error before the first live change is thrown as it is (sys::Error).
/// `staging` is a directory on the scratch file system, for what is removed from the live root.
/// `dance_started` is CLOCK_REALTIME when the dance began: a live object whose ctime is later is a conflict.
/// Not interruptible by signals. Needs no lock of its own; the caller holds the dance's.
[[nodiscard]] model::MergeReport merge(const std::vector<TreeToMerge>& trees,
                                       const std::filesystem::path& staging, const timespec& dance_started);
/// The same, with its progress told to a journal.
[[nodiscard]] model::MergeReport merge(const std::vector<TreeToMerge>& trees,
                                       const std::filesystem::path& staging, const timespec& dance_started,
                                       Journal& journal);

} // namespace disco::merge
