#pragma once

#include "runner/model/merge_plan.hpp"

#include <cstddef>
#include <vector>

namespace disco::merge {

/// Told of the merge's progress. A durable one lets a later run settle what a crash left; today's keeps
/// nothing, because a merge that ends in the same process undoes itself. What it throws stops the merge and
/// undoes it.
class Journal {
public:
    Journal() = default;
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    virtual ~Journal() = default;
    /// All that is going to happen; returns when it is safe to begin.
    virtual void begin(const std::vector<const model::MergePlan*>& plans) = 0;
    virtual void before(std::size_t tree, std::size_t step) = 0;
    /// All steps are done and on disk.
    virtual void commit() = 0;
};

class NoJournal final : public Journal {
public:
    void begin(const std::vector<const model::MergePlan*>&) override {}
    void before(std::size_t, std::size_t) override {}
    void commit() override {}
};

} // namespace disco::merge
