#include "runner/border/pending_state.hpp"

#include <algorithm>
#include <utility>

namespace disco::border {

void PendingState::note(const model::Action& action, std::string words) {
    units_.note(action.meaning, words);
    settings_.note(action.effects, words);
    rules_.note(action.effects, words);
    host_name_.note(action.effects);
    mounts_.note(action);
    if (action.effects.changes.empty()) return;
    changes_.push_back(
        {action.effects.changes, action.meaning.verb != model::ServiceVerb::none, std::move(words)});
}

/// The last one of what it is about, apart from what is known of it.
const PendingState::Change* PendingState::last_change(const PendingQuestion& question) const {
    const bool units_known = PendingUnits::answers(question.meaning) || asks_for_settings_alone(question);
    const bool settings_known = PendingSettings::answers(question);
    const bool rules_known = PendingRules::answers(question);
    const auto concerned = [&](const Change& change) {
        return std::any_of(
            change.subjects.begin(), change.subjects.end(), [&](const model::Subject& changed) {
                if (units_known && change.means_units && changed.name == "services") return false;
                if (settings_known && changed.name == "settings") return false;
                if (rules_known && changed.name == "packet-filter") return false;
                return std::any_of(question.about.begin(), question.about.end(),
                                   [&](const model::Subject& asked) { return concerns(changed, asked); });
            });
    };
    const auto found = std::find_if(changes_.rbegin(), changes_.rend(), concerned);
    return found == changes_.rend() ? nullptr : &*found;
}

std::optional<PendingAnswer> PendingState::answer(const PendingQuestion& question) const {
    if (auto answer = host_name_.answer(question)) return answer;
    if (auto answer = mounts_.answer(question)) return answer;
    if (const Change* change = last_change(question)) return cannot_be_known(change->action);
    if (auto answer = units_.answer(question)) return answer;
    if (auto answer = settings_.answer(question)) return answer;
    return rules_.answer(question);
}

} // namespace disco::border
