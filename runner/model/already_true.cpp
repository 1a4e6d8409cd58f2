#include "runner/model/already_true.hpp"

#include "runner/model/sysctl_file.hpp"
#include "runner/model/units_as_wanted.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>

namespace disco::model {
namespace {

using Earlier = std::vector<const Action*>;
using Words = std::vector<std::string>;

std::string_view command_of(const Action& action) {
    const std::string_view path = action.argv.at(0);
    return path.substr(path.rfind('/') + 1);
}

bool any_changes(const Earlier& earlier, std::initializer_list<std::string_view> subjects) {
    return std::any_of(earlier.begin(), earlier.end(),
                       [&](const Action* one) { return any_named(one->effects.changes, subjects); });
}

bool any_of_command(const Earlier& earlier, std::string_view command) {
    return std::any_of(earlier.begin(), earlier.end(), [&](const Action* one) {
        return one->meaning.verb == ServiceVerb::anything || command_of(*one) == command;
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
    if (settings.empty() || any_of_command(earlier, "sysctl") ||
        any_changes(earlier, {"settings", "hostname"}))
        return std::nullopt;
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
    if (may_be_as_wanted(action.meaning.verb)) return unit_question(action, earlier);
    if (action.meaning.verb != ServiceVerb::none) return std::nullopt;
    if (command_of(action) == "sysctl") return setting_question(action, earlier);
    if (command_of(action) == "modprobe") return module_question(action, earlier);
    return std::nullopt;
}

std::optional<std::vector<std::string>> question_after(const Action& action, std::string_view answer) {
    return may_be_as_wanted(action.meaning.verb) ? related_unit_question(action, answer) : std::nullopt;
}

bool still_true(const Action& action, std::string_view answer) {
    return related_units_are_as_wanted(action.meaning.verb, answer);
}

bool already_true(const Action& action, const Earlier& earlier, std::string_view answer) {
    if (!question_before(action, earlier)) return false;
    if (may_be_as_wanted(action.meaning.verb)) return units_are_as_wanted(action, earlier, answer);
    if (command_of(action) == "sysctl") return settings_are_as_wanted(action, answer);
    return modules_are_loaded(action, answer);
}

} // namespace disco::model
