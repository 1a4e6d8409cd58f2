#include "runner/border/pending_units.hpp"
#include "runner/sys/text.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace disco::border {
namespace {

using model::ServiceVerb;

constexpr int not_running = 3; // systemctl(1), EXIT STATUS; LSB
constexpr int is_not_failed = 1;

/// Blanks are between the words.
bool is_listed(std::string_view words, std::string_view word) {
    while (!words.empty())
        if (sys::take_word(words) == word) return true;
    return false;
}

/// All properties that a question asks for are among `known`, and there are some.
bool asks_for(const PendingQuestion& question, std::string_view known) {
    if (question.meaning.verb != ServiceVerb::show) return false;
    bool any = false;
    for (const char* option : {"--property", "-P"})
        for (const std::string& list : question.values(option))
            for (const std::string_view property : sys::split(list, ',')) {
                if (!is_listed(known, property)) return false;
                any = true;
            }
    return any;
}

} // namespace

bool asks_for_settings_alone(const PendingQuestion& question) {
    return asks_for(
        question,
        "Id Names LoadState FragmentPath SourcePath DropInPaths Description Type Restart User Group "
        "CanStart CanStop CanReload Environment EnvironmentFiles WorkingDirectory UnitFileState "
        "UnitFilePreset NeedDaemonReload Documentation PIDFile KillMode");
}

bool asks_for_state_alone(const PendingQuestion& question) {
    return asks_for(
        question,
        "Id ActiveState SubState MainPID ControlPID Result NRestarts ExecMainPID ExecMainStatus "
        "ExecMainCode Job InvocationID StateChangeTimestamp ActiveEnterTimestamp ActiveExitTimestamp "
        "InactiveEnterTimestamp InactiveExitTimestamp MemoryCurrent TasksCurrent StatusText");
}

void PendingUnits::note(const model::ServiceMeaning& action, const std::string& words) {
    Prospect will = Prospect::unknown;
    switch (action.verb) {
    case ServiceVerb::start:
    case ServiceVerb::restart:
    case ServiceVerb::reload_or_restart: will = Prospect::run; break;
    case ServiceVerb::stop: will = Prospect::not_run; break;
    case ServiceVerb::anything:
        if (action.units.empty()) return note_any(words);
        break;
    case ServiceVerb::daemon_reload: reload_ = words; return;
    // Whether it runs is as it was.
    case ServiceVerb::try_restart:
    case ServiceVerb::reload:
    case ServiceVerb::try_reload_or_restart:
    case ServiceVerb::end_machine:
    case ServiceVerb::none:
    case ServiceVerb::is_active:
    case ServiceVerb::is_failed:
    case ServiceVerb::status:
    case ServiceVerb::show: return;
    }
    for (const std::string& unit : action.units) {
        if (sys::is_pattern(unit)) return note_any(words); // which units that is only the machine knows
        units_[model::full_unit_name(unit)] = {will, words};
    }
}

void PendingUnits::note_any(const std::string& words) {
    units_.clear();
    any_ = Unit{Prospect::unknown, words};
}

bool PendingUnits::answers(const model::ServiceMeaning& question) {
    return !question.units.empty() &&
           (question.verb == ServiceVerb::is_active || question.verb == ServiceVerb::is_failed ||
            question.verb == ServiceVerb::status);
}

const PendingUnits::Unit* PendingUnits::find(const std::string& unit) const {
    const auto found = units_.find(model::full_unit_name(unit));
    if (found != units_.end()) return &found->second;
    if (any_) return &*any_;
    return sys::is_pattern(unit) && !units_.empty() ? &units_.begin()->second : nullptr;
}

std::optional<PendingAnswer> PendingUnits::answer(const PendingQuestion& asked) const {
    const model::ServiceMeaning& question = asked.meaning;
    if (!answers(question)) return std::nullopt;
    const Unit* cause = nullptr;
    bool all_known = true;
    std::size_t running = 0;
    std::string lines;
    for (const std::string& unit : question.units) {
        const Unit* found = find(unit);
        if (found != nullptr) cause = found;
        if (found == nullptr || found->will == Prospect::unknown || sys::is_pattern(unit)) {
            all_known = false;
            continue;
        }
        const bool runs = found->will == Prospect::run;
        if (runs) ++running;
        if (question.verb == ServiceVerb::status)
            lines += fmt::format("{}: {} after '{}', which is run after the merge\n",
                                 model::full_unit_name(unit), runs ? "active" : "inactive", found->action);
        else
            lines += runs ? "active\n" : "inactive\n";
    }
    if (cause == nullptr) return std::nullopt;
    if (!all_known)
        return cannot_be_known(cause->action,
                               question.units.size() > 1 ? ", or ask for one unit at a time" : "");
    if (asked.has("--quiet")) lines.clear();
    if (question.verb == ServiceVerb::is_failed) return PendingAnswer{is_not_failed, lines};
    return PendingAnswer{running > 0 ? 0 : not_running, lines};
}

} // namespace disco::border
