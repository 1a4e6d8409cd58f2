#pragma once

#include "runner/merge/merge_places.hpp"
#include "runner/model/prepared_plan.hpp"
#include "runner/model/run_report.hpp"
#include "runner/sys/error.hpp"

#include <vector>

#include <fmt/format.h>

namespace disco::merge {

/// Throws sys::Error that tells the first one.
inline void throw_if_any(const std::vector<model::Conflict>& conflicts) {
    if (conflicts.empty()) return;
    throw sys::Error{fmt::format("somebody else changed it at the last moment: {}", conflicts.front().found)};
}

/// Tells which step it was; the text is not made for every one.
template <class Work>
void taking(const model::PreparedStep& step, const MergePlaces& places, const Work& work) {
    try {
        work();
    } catch (sys::Error& error) {
        error.add_context("merging: " + model::describe(step, places.prefix()));
        throw;
    }
}

} // namespace disco::merge
