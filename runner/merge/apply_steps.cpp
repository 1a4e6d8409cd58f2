#include "runner/merge/apply_steps.hpp"

#include "runner/merge/live_check.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/merge/originals.hpp"
#include "runner/merge/step_errors.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <sys/stat.h>

namespace disco::merge {
namespace {

using Place = DirectoryCache::Place;

class StepApplier {
public:
    StepApplier(MergePlaces& places, const timespec& started) : places_{places}, started_{started} {}

    void operator()(const model::PutNew& step) {
        rename_object(places_.place_of(step.from), places_.live().parent_of(step.path), RENAME_NOREPLACE);
    }
    // A directory is looked at at once, others before the commit: see originals.hpp.
    void operator()(const model::Exchange& step) {
        rename_object(places_.place_of(step.from), places_.live().parent_of(step.path), RENAME_EXCHANGE);
        if (!S_ISDIR(step.expected.mode)) return;
        places_.reset(); // what was open below may be the old directory
        expect_unchanged(places_.place_of(step.from), step.expected, step.path);
    }
    void operator()(const model::Remove& step) {
        const Place to = {places_.staging(), step.kept_as};
        rename_object(places_.live().parent_of(step.path), to, RENAME_NOREPLACE);
        if (!S_ISDIR(step.expected.mode)) return;
        places_.reset();
        expect_unchanged(to, step.expected, step.path);
    }
    void operator()(const model::PreparedMetadata& step) {
        const auto object = places_.live().hold(step.path);
        throw_if_any(find_conflicts(step, object, places_.prefix(), started_));
        set_metadata(*object, step.change->after, S_ISDIR(step.expected.mode) ? Times::keep : Times::copy);
    }

    /// Putting something new and setting metadata check by themselves. Of the others only what was renamed
    /// can tell for certain, but its ctime is known before only.
    void look_before(const model::PreparedStep& step) {
        if (std::holds_alternative<model::PreparedExchange>(step) ||
            std::holds_alternative<model::Remove>(step))
            throw_if_any(find_conflicts(step, places_.live(), places_.prefix(), started_));
    }

private:
    void expect_unchanged(const Place& place, const model::Stamp& expected, const std::string& path) {
        const auto there = sys::stat_at(place.directory, place.name);
        if (!there) throw sys::SysError{ENOENT, "find the original of", path};
        throw_if_any(find_changes(place, *there, expected, places_.prefix(), path, started_));
    }

    MergePlaces& places_;
    const timespec& started_;
};

} // namespace

std::size_t apply_steps(const model::PreparedPlan& plan, MergePlaces& places, const timespec& dance_started) {
    StepApplier apply{places, dance_started};
    OriginalsBehind originals{plan, places, dance_started};
    for (std::size_t i = 0; i < plan.live.size(); ++i) {
        taking(plan.live[i], places, [&] {
            apply.look_before(plan.live[i]);
            std::visit(apply, plan.live[i]);
        });
        originals.taken(i + 1);
    }
    return originals.finish();
}

} // namespace disco::merge
