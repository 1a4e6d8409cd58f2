#pragma once

#include "runner/merge/merge_places.hpp"
#include "runner/model/prepared_plan.hpp"

#include <cstddef>
#include <ctime>
#include <memory>

// What steps replaced and removed, looked at where it lies then: looking before would leave a gap. Somebody
// may also have had a file open and written to it.
namespace disco::merge {

/// Looks at the originals of the steps from `first` on, when all steps were taken, whether they are what the
/// steps expected. Throws sys::Error that names the step. `dance_started`: see find_conflicts.
void check_originals(const model::PreparedPlan& plan, std::size_t first, const MergePlaces& places,
                     const timespec& dance_started);

/// Does the same in a thread while later steps are taken, a little behind, so that who opened a file by its
/// name right before it was replaced has had the time to show. Does nothing for few steps.
class OriginalsBehind {
public:
    /// Throws SysError.
    OriginalsBehind(const model::PreparedPlan& plan, const MergePlaces& places,
                    const timespec& dance_started);
    OriginalsBehind(const OriginalsBehind&) = delete;
    OriginalsBehind& operator=(const OriginalsBehind&) = delete;
    ~OriginalsBehind();

    /// So many steps were taken. Throws what was found, as check_originals does.
    void taken(std::size_t steps);
    /// Of how many steps the originals were looked at. Throws what was found.
    [[nodiscard]] std::size_t finish();

private:
    class Thread;
    std::unique_ptr<Thread> thread_; ///< empty: for few steps
};

} // namespace disco::merge
