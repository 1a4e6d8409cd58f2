#include "runner/model/units_as_wanted.hpp"

#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace disco::model {

using Earlier = std::vector<const Action*>;
using Words = std::vector<std::string>;

bool may_be_as_wanted(ServiceVerb verb) {
    switch (verb) {
    case ServiceVerb::start:
    case ServiceVerb::stop:
    case ServiceVerb::try_restart:
    case ServiceVerb::try_reload_or_restart: return true;
    case ServiceVerb::restart:
    case ServiceVerb::reload:
    case ServiceVerb::reload_or_restart:
    case ServiceVerb::daemon_reload:
    case ServiceVerb::end_machine:
    case ServiceVerb::none:
    case ServiceVerb::anything:
    case ServiceVerb::is_active:
    case ServiceVerb::is_failed:
    case ServiceVerb::status:
    case ServiceVerb::show: return false;
    }
    return false;
}

namespace {

bool changes_units(const Action& action) {
    return !action.meaning.units.empty() && action.meaning.verb != ServiceVerb::reload;
}

/// It may end processes, or mount something, that are a unit's: which one, its words do not say.
bool changes_units_unseen(const Action* action) {
    if (action->meaning.verb == ServiceVerb::anything) return true;
    return action->meaning.units.empty() &&
           any_named(action->effects.changes, {"processes", "mounts", "swap", "services"});
}

/// What a unit is, and the units whose start or stop may stop or start it.
constexpr const char* properties =
    "--property=Names,ActiveState,Job,Conflicts,ConflictedBy,PartOf,BindsTo,Requires,Requisite,"
    "StopPropagatedFrom,TriggeredBy,Triggers,WantedBy,RequiredBy,UpheldBy,Wants,Upholds,ConsistsOf,BoundBy";

} // namespace

std::optional<Words> unit_question(const Action& action, const Earlier& earlier) {
    const auto& units = action.meaning.units;
    const bool plain = std::all_of(units.begin(), units.end(), [](const std::string& unit) {
        return !unit.empty() && unit[0] != '-' && unit.find_first_of("*?[ \t\n") == std::string::npos;
    });
    const bool unknown = std::any_of(earlier.begin(), earlier.end(), changes_units_unseen);
    if (units.empty() || !plain || unknown) return std::nullopt;
    Words question = {"systemctl", "show", properties, "--"};
    question.insert(question.end(), units.begin(), units.end());
    return question;
}

namespace {

using Unit = std::map<std::string, std::string, std::less<>>; ///< by property

/// An empty line is between two units.
std::vector<Unit> units_of(std::string_view answer) {
    std::vector<Unit> units;
    bool inside = false;
    for (const std::string_view line : sys::lines_of(answer)) {
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) {
            inside = false;
            continue;
        }
        if (!inside) units.emplace_back();
        inside = true;
        units.back()[std::string{line.substr(0, equals)}] = line.substr(equals + 1);
    }
    return units;
}

/// An earlier action of the run may make something else of it than what it is now.
bool may_be_changed_by(const Unit& unit, const Action& action) {
    if (!changes_units(action)) return false;
    std::set<std::string> related;
    for (const auto& [property, value] : unit)
        if (property != "ActiveState" && property != "Job")
            for (const std::string_view word : sys::words_of(value)) related.emplace(word);
    return std::any_of(action.meaning.units.begin(), action.meaning.units.end(),
                       [&](const std::string& name) {
                           return related.contains(name) || name.find_first_of("*?[") != std::string::npos;
                       });
}

bool is_as_wanted(const Unit& unit, ServiceVerb verb) {
    const auto state = unit.find("ActiveState"), job = unit.find("Job");
    if (state == unit.end() || !unit.contains("Names")) return false;
    if (job != unit.end() && !job->second.empty() && job->second != "0")
        return false;               // it is about to change
    if (verb == ServiceVerb::start) // a target is active whatever has become of what it wants
        return state->second == "active" && unit.find("Names")->second.find(".target") == std::string::npos;
    return state->second == "inactive" || state->second == "failed";
}

/// Units that do something of their own. The others are up with the machine, or with what they are about.
bool is_of_interest(std::string_view unit) {
    constexpr std::array<std::string_view, 4> types = {".service", ".socket", ".timer", ".path"};
    return std::any_of(types.begin(), types.end(),
                       [&](std::string_view type) { return unit.ends_with(type); });
}

/// The units that a start starts, too, or a stop stops.
std::set<std::string> related_units(const Action& action, std::string_view answer) {
    constexpr std::array<std::string_view, 4> started = {"Wants", "Requires", "BindsTo", "Upholds"};
    constexpr std::array<std::string_view, 3> stopped = {"ConsistsOf", "RequiredBy", "BoundBy"};
    std::set<std::string> related;
    const auto add = [&](const Unit& unit, const auto& properties_of_it) {
        for (const std::string_view property : properties_of_it)
            if (const auto found = unit.find(property); found != unit.end())
                for (const std::string_view name : sys::words_of(found->second))
                    if (is_of_interest(name)) related.emplace(name);
    };
    for (const Unit& unit : units_of(answer)) {
        if (action.meaning.verb == ServiceVerb::start) add(unit, started);
        if (action.meaning.verb == ServiceVerb::stop) add(unit, stopped);
    }
    for (const std::string& unit : action.meaning.units) related.erase(unit);
    return related;
}

} // namespace

bool units_are_as_wanted(const Action& action, const Earlier& earlier, std::string_view answer) {
    const std::vector<Unit> units = units_of(answer);
    if (units.size() != action.meaning.units.size()) return false;
    return std::all_of(units.begin(), units.end(), [&](const Unit& unit) {
        return is_as_wanted(unit, action.meaning.verb) &&
               std::none_of(earlier.begin(), earlier.end(),
                            [&](const Action* one) { return may_be_changed_by(unit, *one); });
    });
}

std::optional<Words> related_unit_question(const Action& action, std::string_view answer) {
    const std::set<std::string> related = related_units(action, answer);
    if (related.empty()) return std::nullopt;
    Words question = {"systemctl", "show",
                      "--property=Id,LoadState,ActiveState,ConditionResult,ConditionTimestampMonotonic",
                      "--"};
    question.insert(question.end(), related.begin(), related.end());
    return question;
}

bool related_units_are_as_wanted(ServiceVerb verb, std::string_view answer) {
    const std::vector<Unit> units = units_of(answer);
    const auto is = [](const Unit& unit, std::string_view property, std::string_view value) {
        const auto found = unit.find(property);
        return found != unit.end() && found->second == value;
    };
    return !units.empty() && std::all_of(units.begin(), units.end(), [&](const Unit& unit) {
        if (verb != ServiceVerb::start)
            return is(unit, "ActiveState", "inactive") || is(unit, "ActiveState", "failed");
        // What is not there is not started, and what has been tried and does not apply here is not either.
        const bool tried = !is(unit, "ConditionTimestampMonotonic", "0") && is(unit, "ConditionResult", "no");
        return is(unit, "ActiveState", "active") || !is(unit, "LoadState", "loaded") || tried;
    });
}

} // namespace disco::model
