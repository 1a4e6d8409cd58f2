#include "runner/model/already_true.hpp"

#include "runner/model/sysctl_file.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace disco::model {
namespace {

using Earlier = std::vector<const Action*>;
using Words = std::vector<std::string>;

std::string_view command_of(const Action& action) {
    const std::string_view path = action.argv.at(0);
    return path.substr(path.rfind('/') + 1);
}

bool any_of_command(const Earlier& earlier, std::string_view command) {
    return std::any_of(earlier.begin(), earlier.end(), [&](const Action* one) {
        return one->meaning.verb == ServiceVerb::anything || command_of(*one) == command;
    });
}

// ---- units

bool is_about_units(ServiceVerb verb) {
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

bool changes_units(const Action& action) {
    return !action.meaning.units.empty() && action.meaning.verb != ServiceVerb::reload;
}

/// What a unit is, and the units whose start or stop may stop or start it.
constexpr const char* properties =
    "--property=Names,ActiveState,Job,Conflicts,ConflictedBy,PartOf,BindsTo,Requires,Requisite,"
    "StopPropagatedFrom,TriggeredBy,Triggers,WantedBy,RequiredBy,UpheldBy";

std::optional<Words> unit_question(const Action& action, const Earlier& earlier) {
    const auto& units = action.meaning.units;
    const bool plain = std::all_of(units.begin(), units.end(), [](const std::string& unit) {
        return !unit.empty() && unit[0] != '-' && unit.find_first_of("*?[ \t\n") == std::string::npos;
    });
    const bool unknown = std::any_of(earlier.begin(), earlier.end(), [](const Action* one) {
        return one->meaning.verb == ServiceVerb::anything;
    });
    if (units.empty() || !plain || unknown) return std::nullopt;
    Words question = {"systemctl", "show", properties, "--"};
    question.insert(question.end(), units.begin(), units.end());
    return question;
}

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
        return false; // it is about to change
    if (verb == ServiceVerb::start) return state->second == "active";
    return state->second == "inactive" || state->second == "failed";
}

bool units_are_as_wanted(const Action& action, const Earlier& earlier, std::string_view answer) {
    const std::vector<Unit> units = units_of(answer);
    if (units.size() != action.meaning.units.size()) return false;
    return std::all_of(units.begin(), units.end(), [&](const Unit& unit) {
        return is_as_wanted(unit, action.meaning.verb) &&
               std::none_of(earlier.begin(), earlier.end(),
                            [&](const Action* one) { return may_be_changed_by(unit, *one); });
    });
}

// ---- kernel settings

struct Setting {
    std::string name, value;
};

std::vector<Setting> settings_of(const Action& action) {
    std::vector<Setting> settings;
    for (const std::string& word : assigned_by_sysctl(action.argv).value_or(Words{})) {
        const std::size_t equals = word.find('=');
        settings.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
    return settings;
}

std::optional<Words> setting_question(const Action& action, const Earlier& earlier) {
    const std::vector<Setting> settings = settings_of(action);
    if (settings.empty() || any_of_command(earlier, "sysctl")) return std::nullopt;
    Words question = {"sysctl", "-n", "--"};
    for (const Setting& setting : settings) question.push_back(setting.name);
    return question;
}

/// The kernel separates the numbers of a value by tabs.
bool settings_are_as_wanted(const Action& action, std::string_view answer) {
    const std::vector<Setting> settings = settings_of(action);
    const std::vector<std::string_view> values = sys::lines_of(answer);
    if (settings.empty() || values.size() != settings.size()) return false;
    for (std::size_t i = 0; i < settings.size(); ++i)
        if (sys::words_of(settings[i].value) != sys::words_of(values[i])) return false;
    return true;
}

// ---- kernel modules

/// Of `modprobe MODULE…` without parameters; nothing when the words hold anything else.
std::vector<std::string> modules_of(const Action& action) {
    constexpr std::array<std::string_view, 7> harmless = {"-a", "--all", "-q",       "--quiet",
                                                          "-v", "-s",    "--verbose"};
    std::vector<std::string> modules;
    bool all = false;
    for (std::size_t i = 1; i < action.argv.size(); ++i) {
        std::string word = action.argv[i];
        all = all || word == "-a" || word == "--all";
        if (std::find(harmless.begin(), harmless.end(), word) != harmless.end() || word == "--") continue;
        if (word.starts_with('-')) return {};
        std::replace(word.begin(), word.end(), '-', '_'); // the kernel's name for it
        modules.push_back(std::move(word));
    }
    if (modules.size() > 1 && !all) return {}; // the others are parameters
    return modules;
}

std::optional<Words> module_question(const Action& action, const Earlier& earlier) {
    const bool any = any_of_command(earlier, "modprobe") || any_of_command(earlier, "rmmod") ||
                     any_of_command(earlier, "insmod");
    if (modules_of(action).empty() || any) return std::nullopt;
    return Words{"lsmod"};
}

bool modules_are_loaded(const Action& action, std::string_view answer) {
    std::set<std::string, std::less<>> loaded;
    for (const std::string_view line : sys::lines_of(answer))
        if (const auto words = sys::words_of(line); !words.empty()) loaded.emplace(words[0]);
    const std::vector<std::string> modules = modules_of(action);
    return !modules.empty() && std::all_of(modules.begin(), modules.end(),
                                           [&](const std::string& name) { return loaded.contains(name); });
}

} // namespace

std::optional<std::vector<std::string>> question_before(const Action& action, const Earlier& earlier) {
    if (action.argv.empty()) return std::nullopt;
    if (is_about_units(action.meaning.verb)) return unit_question(action, earlier);
    if (action.meaning.verb != ServiceVerb::none) return std::nullopt;
    if (command_of(action) == "sysctl") return setting_question(action, earlier);
    if (command_of(action) == "modprobe") return module_question(action, earlier);
    return std::nullopt;
}

bool already_true(const Action& action, const Earlier& earlier, std::string_view answer) {
    if (!question_before(action, earlier)) return false;
    if (is_about_units(action.meaning.verb)) return units_are_as_wanted(action, earlier, answer);
    if (command_of(action) == "sysctl") return settings_are_as_wanted(action, answer);
    return modules_are_loaded(action, answer);
}

} // namespace disco::model
