#include "policy/guard_subjects.hpp"

#include "policy/guard_form_parser.hpp"
#include "policy/guard_rebuild.hpp"
#include "runner/sys/text.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

#include <fnmatch.h>

namespace disco::policy {
namespace {

using model::ServiceVerb;
using model::Subject;

/// docs/guarded-commands.md says what each is.
constexpr std::string_view known_subjects =
    "services units manager processes sockets journal logins hostname clock locale modules settings udev "
    "devices mounts "
    "swap exports packet-filter ipsets links addresses routes rules neighbours network traffic connections "
    "resolver "
    "radios containers images pods container-networks container-volumes container-plugins swarm machines";

std::string upper_case(std::string_view text) {
    std::string upper{text};
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return upper;
}

/// One of `values` is in a list such as "NAME,mountpoint" or "+MOUNTPOINT".
bool lists_one_of(std::string_view list, const std::vector<std::string>& values) {
    if (list.starts_with('+')) list.remove_prefix(1);
    for (;;) {
        const std::size_t end = list.find(',');
        const std::string entry = upper_case(list.substr(0, end));
        if (std::any_of(values.begin(), values.end(),
                        [&](const std::string& value) { return upper_case(value) == entry; }))
            return true;
        if (end == std::string_view::npos) return false;
        list.remove_prefix(end + 1);
    }
}

/// All that the caller has chosen: operands and values of options.
std::vector<std::string> chosen_words(const MatchedLine& matched) {
    std::vector<std::string> words;
    for (const GivenOption& given : matched.line.options) {
        if (given.value) words.push_back(*given.value);
        words.insert(words.end(), given.words.begin(), given.words.end());
    }
    for (std::size_t w = 0; w < matched.items.size(); ++w)
        if (matched.form->items[matched.items[w]].type) words.push_back(matched.line.words[w].text);
    return words;
}

/// Words of ip(8) that stand where a device could.
bool is_no_device(std::string_view word) {
    static const std::set<std::string_view> words = {"up",
                                                     "down",
                                                     "permanent",
                                                     "dynamic",
                                                     "secondary",
                                                     "primary",
                                                     "tentative",
                                                     "temporary",
                                                     "home",
                                                     "optimistic",
                                                     "deprecated",
                                                     "dadfailed",
                                                     "nodad",
                                                     "mngtmpaddr",
                                                     "autojoin",
                                                     "nomaster",
                                                     "scope",
                                                     "to",
                                                     "label",
                                                     "master",
                                                     "vrf",
                                                     "type",
                                                     "group",
                                                     "from",
                                                     "noprefixroute",
                                                     "stable-privacy"};
    return word.empty() || word[0] == '-' || words.contains(word);
}

/// The devices that a line of ip(8) is confined to; none: it may be any. A question is about the one behind
/// `dev`, or about its only word. In a line that changes something all words count, as it may name others.
std::vector<std::string> chosen_devices(const MatchedLine& matched) {
    std::vector<std::string> words = chosen_words(matched);
    const auto dev = std::find(words.begin(), words.end(), "dev");
    const bool has_dev = dev != words.end() && std::next(dev) != words.end();
    const bool asks = matched.form->kind == GuardKind::query;
    if (asks && has_dev) return {*std::next(dev)};
    if (words.empty() || (!has_dev && is_no_device(words[0])) || (asks && words.size() != 1)) return {};
    return words;
}

/// The things that a clause names; none: all of the subject.
std::vector<std::string> objects_of(const GuardSubjects& clause, const MatchedLine& matched) {
    std::vector<std::string> objects;
    for (const std::string& what : clause.of) {
        if (is_thing(what)) {
            objects.push_back(what);
            continue;
        }
        const std::size_t sign = what.starts_with('-') ? what.find('=') : std::string::npos;
        const std::string beginning = sign == std::string::npos ? "" : what.substr(sign + 1) + "=";
        std::vector<std::string> values = what == "words"     ? chosen_words(matched)
                                          : what == "devices" ? chosen_devices(matched)
                                                              : values_of(matched, what.substr(0, sign));
        for (std::string& value : values)
            if (value.starts_with(beginning) && value.size() > beginning.size())
                objects.push_back(value.substr(beginning.size()));
    }
    return objects;
}

bool counts(const GuardSubjects& clause, const MatchedLine& matched) {
    const auto values = [&](const std::string& option) { return values_of(matched, option); };
    if (!clause.unless_option.empty() && !values(clause.unless_option).empty()) return false;
    if (clause.with_option.empty()) return true;
    const std::vector<std::string> given = values(clause.with_option);
    if (clause.with_values.empty()) return !given.empty();
    return std::any_of(given.begin(), given.end(),
                       [&](const std::string& list) { return lists_one_of(list, clause.with_values); });
}

void add(std::vector<Subject>& subjects, std::string name, const std::vector<std::string>& objects,
         bool loose = false) {
    if (name == "services") {
        std::vector<std::string> units = objects;
        for (std::string& unit : units) unit = model::full_unit_name(unit);
        subjects.push_back({std::move(name), std::move(units), loose});
    } else
        subjects.push_back({std::move(name), objects, loose});
}

/// By the clauses of its form; without any, the subject is of the command's own name if it `has_own`.
std::vector<Subject> by_clauses(const std::vector<GuardSubjects>& clauses, const MatchedLine& matched,
                                const std::string& command, bool has_own) {
    std::vector<Subject> subjects;
    if (clauses.empty() && has_own) subjects.push_back({command});
    for (const GuardSubjects& clause : clauses)
        if (counts(clause, matched))
            for (const std::string& name : clause.names)
                add(subjects, name, objects_of(clause, matched), clause.loose);
    return subjects;
}

/// The name that programs of a unit may have: "postgresql" of "postgresql@15-main.service".
std::string stem_of(const std::string& unit) {
    return unit.substr(0, std::min(unit.find('@'), unit.rfind('.')));
}

/// Starting, stopping or reloading `unit`; a pattern may be any.
void add_by_unit(std::vector<Subject>& subjects, const std::string& unit,
                 const std::vector<GuardUnits>& units) {
    for (const GuardUnits& rule : units) {
        const bool fits =
            sys::is_pattern(unit) ||
            std::any_of(rule.patterns.begin(), rule.patterns.end(), [&](const std::string& pattern) {
                return ::fnmatch(pattern.c_str(), unit.c_str(), 0) == 0;
            });
        if (!fits) continue;
        for (const std::string& name : rule.subjects)
            if (std::find(subjects.begin(), subjects.end(), Subject{name}) == subjects.end())
                subjects.push_back({name});
    }
}

void add_by_meaning(std::vector<Subject>& subjects, const model::ServiceMeaning& meaning,
                    const std::vector<GuardUnits>& units) {
    switch (meaning.verb) {
    case ServiceVerb::start:
    case ServiceVerb::stop:
    case ServiceVerb::restart:
    case ServiceVerb::try_restart:
    case ServiceVerb::reload_or_restart:
    case ServiceVerb::try_reload_or_restart:
    case ServiceVerb::anything: {
        add(subjects, "services", meaning.units);
        std::vector<std::string> programs;
        const bool any = std::any_of(meaning.units.begin(), meaning.units.end(), sys::is_pattern);
        if (!any)
            std::transform(meaning.units.begin(), meaning.units.end(), std::back_inserter(programs), stem_of);
        add(subjects, "processes", programs, true);
        break;
    }
    case ServiceVerb::reload: break; // what runs stays, but it may listen elsewhere
    case ServiceVerb::daemon_reload: subjects.push_back({"units"}); return;
    case ServiceVerb::end_machine: subjects.push_back({"manager"}); return; // comes last
    case ServiceVerb::none:
    case ServiceVerb::is_active:
    case ServiceVerb::is_failed:
    case ServiceVerb::status:
    case ServiceVerb::show: return;
    }
    subjects.push_back({"sockets"});
    for (const std::string& unit : meaning.units) add_by_unit(subjects, unit, units);
    if (meaning.units.empty() && meaning.verb == ServiceVerb::anything) {
        subjects.push_back({"manager"});
        add_by_unit(subjects, "*", units);
    }
}

} // namespace

bool is_thing(std::string_view what) {
    return !what.starts_with('-') && what.find_first_of("./") != std::string_view::npos;
}

bool is_subject(std::string_view name) {
    const std::vector<std::string_view> names = subject_names();
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string_view> subject_names() { return sys::words_of(known_subjects); }

std::vector<Subject> asked_about(const std::string& command, const MatchedLine& matched) {
    const GuardForm& form = *matched.form;
    // The meaning of a form that runs in the view is that of what it queues, not of its answer.
    const model::ServiceMeaning meaning =
        form.kind == GuardKind::query ? meaning_of(matched) : model::ServiceMeaning{};
    if (meaning.verb == ServiceVerb::none || !form.clauses.about.empty())
        return by_clauses(form.clauses.about, matched, command, form.kind == GuardKind::query);
    std::vector<Subject> subjects;
    // Without a unit systemctl shows what is known of systemd itself.
    if (meaning.verb == ServiceVerb::show && meaning.units.empty())
        subjects.push_back({"manager"});
    else
        add(subjects, "services", meaning.units);
    return subjects;
}

std::vector<Subject> changed_by(const std::string& command, const MatchedLine& matched,
                                const std::vector<GuardUnits>& units) {
    const GuardForm& form = *matched.form;
    const model::ServiceMeaning meaning = meaning_of(matched);
    std::vector<Subject> subjects =
        by_clauses(form.clauses.changes, matched, command, meaning.verb == ServiceVerb::none);
    add_by_meaning(subjects, meaning, units);
    return subjects;
}

} // namespace disco::policy
