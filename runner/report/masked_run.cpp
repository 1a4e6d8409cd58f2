#include "runner/report/masked_run.hpp"

#include <utility>

namespace disco::report {
namespace {

void mask_in(std::string& text, const model::SecretMask& mask) { text = mask.masked(text); }

void mask_in(std::optional<RecordedState>& state, const model::SecretMask& mask) {
    if (!state) return;
    if (state->target) state->target = mask.masked(*state->target);
    if (state->linked_to) state->linked_to = mask.masked(*state->linked_to);
    for (auto& [name, value] : state->xattrs) value = mask.masked_content(value);
}

} // namespace

model::ModuleReport masked(model::ModuleReport module, const model::SecretMask& mask) {
    mask_in(module.reason, mask);
    for (model::Step& step : module.steps) step.output = mask.masked_content(step.output);
    for (model::Notice& notice : module.notices) {
        mask_in(notice.text, mask);
        notice.argv = mask.masked(notice.argv);
        notice.step = mask.masked(notice.step); // of `disco exec` the command
    }
    for (model::Action& action : module.actions) action.argv = mask.masked(action.argv);
    return module;
}

RecordedChange masked(RecordedChange change, const model::SecretMask& mask) {
    change.path = mask.masked(change.path);
    mask_in(change.before, mask);
    mask_in(change.after, mask);
    change.diff = change.redacted ? std::string{} : mask.masked_diff(change.diff);
    return change;
}

MaskedRun::MaskedRun(const model::RunReport& run, const model::SecretMask& mask) : run_{run} {
    if (mask.empty()) return;
    model::RunReport& copy = copy_.emplace(run);
    mask_in(copy.failure, mask);
    for (model::Step& step : copy.metrics) step.output = mask.masked_content(step.output);
    for (model::ModuleReport& module : copy.modules) module = masked(std::move(module), mask);
    for (model::Conflict& conflict : copy.merge.conflicts) {
        conflict.path = mask.masked(conflict.path);
        mask_in(conflict.found, mask);
    }
    for (std::string& path : copy.merge.kept) path = mask.masked(path);
}

} // namespace disco::report
