#include "runner/border/changed_units.hpp"

#include "runner/border/pending_units.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>

#include <sysexits.h>

#include <fmt/format.h>

namespace disco::border {
namespace {

using model::ServiceVerb;

constexpr int not_running = 3; // systemctl(1), EXIT STATUS
constexpr int is_not_failed = 1;

bool shows_files(const PendingQuestion& question) {
    const auto end = std::find(question.words.begin(), question.words.end(), "--");
    return !question.words.empty() && question.words[0] == "systemctl" &&
           std::find(question.words.begin(), end, "cat") != end;
}

PendingAnswer cannot_be_known_of(const UnitComparison& unit, const std::optional<std::string>& reload) {
    return {EX_UNAVAILABLE, "", "",
            fmt::format(
                "this run changes the files of {}, which systemd reads after the merge{}: what it will say "
                "then cannot be known now. Ask 'systemctl cat', 'is-enabled' or 'is-active', ask for "
                "properties of its state alone (show -p ActiveState), or ask in a check",
                unit.unit, reload ? fmt::format(", by '{}'", *reload) : "")};
}

/// As `systemctl cat`, which ends at the first unit that has none.
PendingAnswer show_files(const std::vector<UnitComparison>& units, Asker asker) {
    PendingAnswer answer;
    for (const UnitComparison& unit : units) {
        const auto& files = unit.view.files;
        if (!unit.view.fragment) {
            answer.exit = 1;
            answer.error = fmt::format("No files found for {}.\n", unit.unit);
            return answer;
        }
        const bool for_all =
            std::all_of(files.begin(), files.end(), [](const UnitFiles::File& file) { return file.for_all; });
        if (asker != Asker::root && !for_all)
            return {EX_UNAVAILABLE, "", "",
                    fmt::format("not every user may read the files of {}", unit.unit)};
        answer.output += (answer.output.empty() ? "" : "\n") + text_of(unit.view);
    }
    return answer;
}

/// The answer for units that the machine does not know yet, and that nothing has started.
PendingAnswer is_inactive(const PendingQuestion& question, const std::vector<UnitComparison>& units) {
    const bool is_status = question.meaning.verb == ServiceVerb::status;
    PendingAnswer answer;
    answer.exit = question.meaning.verb == ServiceVerb::is_failed ? is_not_failed : not_running;
    if (question.has("--quiet")) return answer;
    for (const UnitComparison& unit : units)
        answer.output += is_status ? fmt::format("{}: inactive; its files are new in this run\n", unit.unit)
                                   : "inactive\n";
    return answer;
}

/// What systemd has read of the unit's files is part of the answer, and will be something else.
bool becomes_another(const UnitComparison& unit, const PendingQuestion& question, bool reloads) {
    switch (change_of(unit)) {
    case UnitChange::none: return false;
    case UnitChange::changed:
        // Until it is reloaded systemd goes by what it has read, except that it says so.
        if (!reloads) return question.has("--property=NeedDaemonReload") || question.has("NeedDaemonReload");
        break;
    case UnitChange::added:
    case UnitChange::removed: break;
    }
    return !asks_for_state_alone(question);
}

} // namespace

UnitChange change_of(const UnitComparison& unit) {
    if (unit.view == unit.machine) return UnitChange::none;
    if (!unit.machine.fragment) return UnitChange::added;
    return unit.view.fragment ? UnitChange::changed : UnitChange::removed;
}

std::vector<std::string> units_with_files(const PendingQuestion& question) {
    std::vector<std::string> units;
    switch (question.meaning.verb) {
    case ServiceVerb::is_active:
    case ServiceVerb::is_failed:
    case ServiceVerb::status:
    case ServiceVerb::show: units = question.meaning.units; break;
    default:
        if (shows_files(question)) units = question.operands();
    }
    std::erase_if(units, sys::is_pattern);
    for (std::string& unit : units) unit = model::full_unit_name(unit);
    return units;
}

std::optional<PendingAnswer> answer_from_files(const PendingQuestion& question,
                                               const std::vector<UnitComparison>& units,
                                               const std::optional<std::string>& reload, Asker asker) {
    const auto all_are = [&](UnitChange change) {
        return std::all_of(units.begin(), units.end(),
                           [&](const UnitComparison& unit) { return change_of(unit) == change; });
    };
    if (units.empty() || all_are(UnitChange::none)) return std::nullopt;
    if (shows_files(question)) return show_files(units, asker);
    const bool asks_state =
        question.meaning.verb == ServiceVerb::is_active || question.meaning.verb == ServiceVerb::is_failed;
    // Another name of a unit that the machine knows.
    const auto alias = std::find_if(units.begin(), units.end(), [](const UnitComparison& unit) {
        return change_of(unit) == UnitChange::added && unit.view.name != unit.unit;
    });
    if (alias != units.end()) return cannot_be_known_of(*alias, reload);
    const bool shows = question.meaning.verb == ServiceVerb::show;
    if (!shows && units.size() == question.meaning.units.size() && all_are(UnitChange::added))
        return is_inactive(question, units);
    if (asks_state) return std::nullopt; // another text does not change whether it runs
    for (const UnitComparison& unit : units)
        if (becomes_another(unit, question, reload.has_value())) return cannot_be_known_of(unit, reload);
    return std::nullopt;
}

} // namespace disco::border
