#include "runner/merge/merged_times.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/merge/times_set.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"

#include <algorithm>
#include <optional>
#include <variant>

#include <fcntl.h>

namespace disco::merge {
namespace {

/// Nothing: it does more than that.
const model::PreparedMetadata* times_alone(const model::PreparedStep& step) {
    const auto* set = std::get_if<model::PreparedMetadata>(&step);
    return set != nullptr && model::differ_in_times_alone(*set->change) ? set : nullptr;
}

} // namespace

bool sets_times_alone(const std::vector<model::PreparedPlan>& plans) {
    return std::all_of(plans.begin(), plans.end(), [&](const model::PreparedPlan& plan) {
        return std::all_of(plan.live.begin(), plan.live.end(), times_alone);
    });
}

void note_times_set(const JournalRecord& record, const std::vector<sys::UniqueFd>& tops,
                    const std::filesystem::path& times_file) {
    std::optional<TimesSet> times;
    for (std::size_t i = 0; i < record.trees.size(); ++i) {
        if (!tops[i]) continue;
        DirectoryCache live{sys::open_on_mount(tops[i].get(), ".", O_RDONLY | O_DIRECTORY)};
        for (const model::PreparedStep& step : record.plans[i].live) {
            const model::PreparedMetadata* set = times_alone(step);
            if (set == nullptr) continue;
            if (!times) times.emplace(times_file);
            // Of one that somebody has changed meanwhile there is nothing to say.
            const auto now = live.status_of(set->path);
            if (now && !sys::later(now->st_ctim, *record.committed))
                times->note(record.trees[i].live / set->path, set->expected, *now);
        }
    }
    if (times) times->save();
}

} // namespace disco::merge
