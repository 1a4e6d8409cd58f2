#include "runner/view/covered_changes.hpp"

#include "runner/sys/printable.hpp"
#include "runner/sys/shown_words.hpp"

#include <fmt/format.h>

namespace disco::view {

void refuse_covered_changes(std::vector<model::ModuleReport>& modules, const ChangeRecorder& recorder) {
    for (model::ModuleReport& module : modules)
        for (const model::Action& action : module.actions)
            for (const std::string& directory : action.covers) {
                const std::string below = recorder.first_below(directory);
                if (below.empty() || module.outcome == model::ModuleOutcome::failed) continue;
                module.outcome = model::ModuleOutcome::failed;
                module.reason = fmt::format(
                    "'{}' is run after the merge, and would hide '{}', which this run writes: it would lie "
                    "below the "
                    "mount. What to do: mount first, in a run of its own, or write below it after the merge "
                    "(disco-defer)",
                    sys::shown_words(action.argv), sys::printable(below));
            }
}

} // namespace disco::view
