#include "runner/border/pending_state.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace disco::border {
namespace {

using model::ServiceVerb;

constexpr int unavailable = 69; // EX_UNAVAILABLE: it cannot be told
constexpr int not_running = 3;  // systemctl(1), EXIT STATUS; LSB
constexpr int is_not_failed = 1;

bool is_pattern(std::string_view unit) { return unit.find_first_of("*?[") != std::string_view::npos; }

/// As systemd completes it.
std::string full_name(const std::string& unit) {
    return unit.find('.') == std::string::npos && !is_pattern(unit) ? unit + ".service" : unit;
}

bool is_quiet(const std::vector<std::string>& argv) {
    return std::any_of(argv.begin(), argv.end(),
                       [](const std::string& word) { return word == "-q" || word == "--quiet"; });
}

} // namespace

void PendingState::note(const model::ServiceMeaning& action, const std::string& words) {
    Will will = Will::unknown;
    switch (action.verb) {
    case ServiceVerb::start:
    case ServiceVerb::restart:
    case ServiceVerb::reload_or_restart: will = Will::run; break;
    case ServiceVerb::stop: will = Will::not_run; break;
    case ServiceVerb::anything:
        units_.clear();
        any_ = Unit{Will::unknown, words};
        return;
    // Whether it runs is as it was.
    case ServiceVerb::try_restart:
    case ServiceVerb::reload:
    case ServiceVerb::try_reload_or_restart:
    case ServiceVerb::daemon_reload:
    case ServiceVerb::end_machine:
    case ServiceVerb::none:
    case ServiceVerb::is_active:
    case ServiceVerb::is_failed:
    case ServiceVerb::status:
    case ServiceVerb::show: return;
    }
    for (const std::string& unit : action.units) {
        if (is_pattern(unit)) { // which units that is only the machine knows
            units_.clear();
            any_ = Unit{Will::unknown, words};
            return;
        }
        units_[full_name(unit)] = {will, words};
    }
}

const PendingState::Unit* PendingState::find(const std::string& unit) const {
    const auto found = units_.find(full_name(unit));
    if (found != units_.end()) return &found->second;
    if (any_) return &*any_;
    return is_pattern(unit) && !units_.empty() ? &units_.begin()->second : nullptr;
}

std::optional<PendingState::Answer> PendingState::answer(const model::ServiceMeaning& question,
                                                         const std::vector<std::string>& argv) const {
    switch (question.verb) {
    case ServiceVerb::is_active:
    case ServiceVerb::is_failed:
    case ServiceVerb::status:
    case ServiceVerb::show: break;
    default: return std::nullopt; // no question about units
    }
    const Unit* cause = nullptr;
    bool all_known = question.verb != ServiceVerb::show && !question.units.empty();
    std::size_t running = 0;
    std::string lines;
    for (const std::string& unit : question.units) {
        const Unit* found = find(unit);
        if (found != nullptr) cause = found;
        if (found == nullptr || found->will == Will::unknown || is_pattern(unit)) {
            all_known = false;
            continue;
        }
        const bool runs = found->will == Will::run;
        if (runs) ++running;
        if (question.verb == ServiceVerb::status)
            lines += fmt::format("{}: {} after '{}', which is run after the merge\n", full_name(unit),
                                 runs ? "active" : "inactive", found->action);
        else
            lines += runs ? "active\n" : "inactive\n";
    }
    if (cause == nullptr) return std::nullopt;
    if (!all_known)
        return Answer{unavailable, "",
                      fmt::format("it depends on '{}', which this run asked for and which is run after the "
                                  "merge: what it will make of it cannot be told before (ask in a check, "
                                  "which comes after the actions{})",
                                  cause->action,
                                  question.units.size() > 1 ? ", or ask for one unit at a time" : "")};
    if (is_quiet(argv)) lines.clear();
    if (question.verb == ServiceVerb::is_failed) return Answer{is_not_failed, lines, ""};
    return Answer{running > 0 ? 0 : not_running, lines, ""};
}

} // namespace disco::border
