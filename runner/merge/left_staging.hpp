#pragma once

#include "runner/merge/journal.hpp"

#include <filesystem>

// Staging directories that could not be removed when their run was over, as somebody goes on making files in
// what was taken from them: a file of the store names them, so that later starts try again. Nothing in them
// is needed any more.
namespace disco::merge {

/// Notes one more; on disk when this returns. `file`: see UndoStore::left_staging. `tree`: whose directory it
/// is. Throws SysError.
void note_left_staging(const std::filesystem::path& file, const JournalTree& tree);

/// Tries to remove them all; what cannot be removed stays noted, and a warning says so. Throws SysError when
/// the file cannot be read or written; Interrupted.
void remove_left_staging(const std::filesystem::path& file);

} // namespace disco::merge
