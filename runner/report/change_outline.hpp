#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// The changes of a module as people look for them: what it delivers, what else is its own, then what
// installed, upgraded and removed packages explain, and what their manager keeps; what lies in a new
// directory, or in one that is gone, below that. 8 bytes a change, whatever it holds.
namespace disco::report {

struct OutlineGroup {
    std::vector<std::uint32_t> changes;                    ///< places in the ChangeLog, in its order
    decltype(model::ModuleReport::change_counts) counts{}; ///< by ChangeKind
    std::vector<std::uint32_t>
        below; ///< of each change that is_whole_directory: how many follow that lie in it
};

struct ChangeOutline {
    OutlineGroup delivered, own;
    std::vector<OutlineGroup> packages; ///< of each of the module's packages, in their order
    OutlineGroup manager;
};

/// A directory that came, or went, with all that it holds.
[[nodiscard]] bool is_whole_directory(const RecordedChange& change);

[[nodiscard]] ChangeOutline outline_of(const model::ModuleReport& module, const ChangeLog& changes);

} // namespace disco::report
