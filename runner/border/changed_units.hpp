#pragma once

#include "runner/border/pending_answer.hpp"
#include "runner/border/unit_files.hpp"

#include <optional>
#include <string>
#include <vector>

// Units whose files a run has changed: systemd reads them after the merge, and still says what it read
// before.
namespace disco::border {

/// The same unit as the run has it so far, and as the machine has it.
struct UnitComparison {
    std::string unit; ///< full name, as asked for
    UnitFiles view, machine;
};

enum class UnitChange { none, added, changed, removed };
[[nodiscard]] UnitChange change_of(const UnitComparison& unit);

/// The units whose files have to do with the answer, by full names; none for other questions. Pure.
[[nodiscard]] std::vector<std::string> units_with_files(const PendingQuestion& question);

/// Who asks, for what root alone may read.
enum class Asker { root, other };

/// Nothing: what the machine says is true in the run, too. `reload`: the daemon-reload that was asked for, in
/// words for people. Pure.
[[nodiscard]] std::optional<PendingAnswer> answer_from_files(const PendingQuestion& question,
                                                             const std::vector<UnitComparison>& units,
                                                             const std::optional<std::string>& reload,
                                                             Asker asker);

} // namespace disco::border
