#include "policy/guard_clauses.hpp"

#include "policy/guard_form_parser.hpp"
#include "policy/guard_subjects.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::policy {
namespace {

constexpr std::string_view repeats = "...";

std::string shown(std::string_view word) { return sys::printable(word); }

const std::map<std::string_view, model::ServiceVerb>& verbs() {
    using enum model::ServiceVerb;
    static const std::map<std::string_view, model::ServiceVerb> all = {
        {"anything", anything},
        {"start", start},
        {"stop", stop},
        {"restart", restart},
        {"try-restart", try_restart},
        {"reload", reload},
        {"reload-or-restart", reload_or_restart},
        {"try-reload-or-restart", try_reload_or_restart},
        {"daemon-reload", daemon_reload},
        {"end-machine", end_machine},
        {"is-active", is_active},
        {"is-failed", is_failed},
        {"status", status},
        {"show", show}};
    return all;
}

std::set<int> exit_codes(const std::vector<std::string>& words, const std::string& place) {
    std::set<int> codes;
    for (const std::string& word : words) {
        const auto code = sys::number_in<int>(word, 0, 255);
        if (!code) object_to(place, fmt::format("'{}' is no exit code", shown(word)));
        codes.insert(*code);
    }
    return codes;
}

std::vector<std::string> alternatives(std::string_view word) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = word.find('|');
        parts.emplace_back(word.substr(0, end));
        if (end == std::string_view::npos) return parts;
        word.remove_prefix(end + 1);
    }
}

/// `SUBJECT… [of [~]WHAT|WHAT] [with OPTION [WORD…]] [unless OPTION]`
GuardSubjects parse_subjects(const std::vector<std::string>& words, const std::string& place) {
    GuardSubjects subjects;
    auto at = words.begin();
    const auto is = [&](std::string_view word) { return at != words.end() && *at == word; };
    const auto next = [&]() -> const std::string& {
        if (++at == words.end())
            object_to(place, fmt::format("there is nothing behind '{}'", *std::prev(at)));
        return *at++;
    };
    for (; at != words.end() && !is("of") && !is("with") && !is("unless"); ++at) {
        if (*at == "nothing" && words.size() == 1) return {};
        if (!is_subject(*at))
            object_to(place, fmt::format("'{}' is no subject; there are {}", shown(*at),
                                         fmt::join(subject_names(), ", ")));
        subjects.names.push_back(*at);
    }
    if (subjects.names.empty()) object_to(place, "the subject is missing, or 'nothing'");
    if (is("of")) {
        const std::string& what = next();
        subjects.loose = what.starts_with('~');
        subjects.of = alternatives(std::string_view{what}.substr(subjects.loose ? 1 : 0));
    }
    if (is("with")) {
        subjects.with_option = next();
        for (; at != words.end() && !is("unless"); ++at) subjects.with_values.push_back(*at);
    }
    if (is("unless")) subjects.unless_option = next();
    if (at != words.end())
        object_to(place, fmt::format("'{}': it is written 'SUBJECT… [of WHAT] [with OPTION [WORD…]] [unless "
                                     "OPTION]'",
                                     shown(*at)));
    return subjects;
}

/// What subjects are of, without the beginning of its values.
std::string_view bare_option(std::string_view what) {
    return what.starts_with('-') ? what.substr(0, what.find('=')) : what;
}

} // namespace

void parse_clauses(const std::vector<std::string>& words, GuardClauses& clauses, const std::string& place) {
    for (auto at = words.begin(); at != words.end();) {
        if (*at != "=>") object_to(place, fmt::format("'{}': '=>' is missing before it", shown(*at)));
        const auto end = std::find(std::next(at), words.end(), "=>");
        if (std::next(at) == end) object_to(place, "there is nothing behind '=>'");
        const std::string name = *std::next(at);
        const std::vector<std::string> rest{std::next(at, 2), end};
        at = end;
        if (rest.empty()) object_to(place, fmt::format("there is nothing behind '{}'", shown(name)));
        if (name == "without")
            clauses.without.insert(clauses.without.end(), rest.begin(), rest.end());
        else if (name == "queue")
            clauses.queue = rest;
        else if (name == "env") {
            for (const std::string& entry : rest)
                if (entry.find('=') == std::string::npos || entry.starts_with('='))
                    object_to(place, fmt::format("'{}' is not NAME=VALUE", shown(entry)));
            clauses.environment.insert(clauses.environment.end(), rest.begin(), rest.end());
        } else if (name == "needs") {
            using enum Need;
            for (const std::string& word : rest) {
                bool known = false;
                for (const Need need :
                     {read_all, net_admin, interfaces, ptrace, bus, docker_socket, root_user})
                    if (word == to_string(need)) known = clauses.needs.insert(need).second || true;
                if (!known) object_to(place, fmt::format("'{}' is nothing that a query needs", shown(word)));
            }
        } else if (name == "means") {
            const auto verb = verbs().find(rest[0]);
            if (verb == verbs().end())
                object_to(place, fmt::format("'{}' is no meaning; there are {}", shown(rest[0]), [] {
                              std::vector<std::string_view> names;
                              for (const auto& [each, value] : verbs()) names.push_back(each);
                              return fmt::format("{}", fmt::join(names, ", "));
                          }()));
            clauses.verb = verb->second;
            if (rest.size() > 1 && is_type_name(rest[1])) {
                clauses.verb_operands = rest[1];
                if (rest.size() > 2) object_to(place, fmt::format("'{}' is too much", shown(rest[2])));
            } else
                clauses.verb_units = {std::next(rest.begin()), rest.end()};
        } else if (name == "reads") {
            if (rest[0] != "input" || rest.size() == 2 || (rest.size() > 2 && rest[1] != "with"))
                object_to(place, "it is written 'reads input' or 'reads input with OPTION|TYPE [WORD...]'");
            clauses.reads_input = true;
            if (rest.size() > 2) {
                clauses.input_with = rest[2];
                clauses.input_values = {std::next(rest.begin(), 3), rest.end()};
            }
        } else if (name == "covers") {
            clauses.covers = rest[0];
            if (rest.size() != 1 && (rest.size() != 4 || rest[1] != "unless"))
                object_to(place, "it is written 'covers TYPE' or 'covers TYPE unless OPTION WORD'");
            if (rest.size() == 4) {
                clauses.uncovers_option = rest[2];
                clauses.uncovers_word = rest[3];
            }
        } else if (name == "decides") {
            const auto codes = std::find(rest.begin(), rest.end(), "exits");
            clauses.decides.assign(rest.begin(), codes);
            if (codes != rest.end()) clauses.goes_on = exit_codes({std::next(codes), rest.end()}, place);
            if (clauses.decides.empty() || clauses.goes_on.empty())
                object_to(place, "it is written 'decides OPTION... exits NUMBER...'");
        } else if (name == "adds")
            clauses.adds = rest;
        else if (name == "changes")
            clauses.changes.push_back(parse_subjects(rest, place));
        else if (name == "about")
            clauses.about.push_back(parse_subjects(rest, place));
        else if (name == "says")
            clauses.says = fmt::format("{}", fmt::join(rest, " "));
        else
            object_to(place, fmt::format("'{}' is no clause; there are without, queue, means, needs, env, "
                                         "covers, reads, decides, adds, changes, about and says",
                                         shown(name)));
    }
}

void check_clauses(const GuardForm& form, const GuardScope& scope) {
    const GuardClauses& clauses = form.clauses;
    const bool views = form.kind == GuardKind::view || form.kind == GuardKind::both;
    const auto has_operand = [&](std::string_view type) {
        return std::any_of(form.items.begin(), form.items.end(),
                           [&](const GuardItem& item) { return item.type && item.type->name() == type; });
    };
    const auto only_for = [&](bool fits, bool given, const char* clause) {
        if (given && !fits)
            object_to(form.place, fmt::format("'{}' does not go with '{}'", clause, to_string(form.kind)));
    };
    only_for(views, !clauses.without.empty(), "without");
    only_for(views, !clauses.queue.empty(), "queue");
    only_for(views, !clauses.environment.empty(), "env");
    only_for(form.kind == GuardKind::query, !clauses.needs.empty(), "needs");
    only_for(form.kind == GuardKind::action, clauses.reads_input, "reads input");
    only_for(form.kind == GuardKind::action, !clauses.decides.empty(), "decides");
    only_for(!clauses.decides.empty(), !clauses.adds.empty(), "adds");
    only_for(form.kind == GuardKind::refuse, !clauses.says.empty(), "says");
    only_for(form.kind == GuardKind::query || form.kind == GuardKind::view, !clauses.about.empty(), "about");
    only_for(form.kind == GuardKind::action || form.kind == GuardKind::both || !clauses.queue.empty(),
             !clauses.changes.empty(), "changes");
    const auto must_exist = [&](const std::vector<std::string>& options, const char* clause) {
        for (const std::string& name : options)
            if (find_option(scope, name) == std::string::npos)
                object_to(form.place, fmt::format("'{} {}': there is no such option", clause, shown(name)));
    };
    must_exist(clauses.without, "without");
    must_exist(clauses.decides, "decides");
    must_exist(clauses.adds, "adds");
    if (!clauses.verb_operands.empty() && !has_operand(clauses.verb_operands))
        object_to(form.place,
                  fmt::format("'means … {}': the form has no such operand", clauses.verb_operands));
    only_for(form.kind == GuardKind::action, !clauses.covers.empty(), "covers");
    const auto has = [&](std::string_view name) {
        return name.starts_with('-') ? find_option(scope, name) != std::string::npos : has_operand(name);
    };
    for (const std::string& name : {clauses.covers, clauses.uncovers_option, clauses.input_with})
        if (!name.empty() && !has(name))
            object_to(form.place, fmt::format("'{}': the form has none", shown(name)));
    for (const auto* all : {&clauses.changes, &clauses.about})
        for (const GuardSubjects& subjects : *all) {
            std::vector<std::string> needed = {subjects.with_option, subjects.unless_option};
            for (const std::string& what : subjects.of)
                if (what != "words" && what != "devices" && !is_thing(what))
                    needed.emplace_back(bare_option(what));
            for (const std::string& what : needed)
                if (!what.empty() && !has(what))
                    object_to(form.place, fmt::format("'{}': the form has none", shown(what)));
        }
    for (const std::string& word : clauses.queue) {
        const bool bracketed = word.starts_with("[-") && word.ends_with(']');
        if (bracketed && find_option(scope, word.substr(1, word.size() - 2)) == std::string::npos)
            object_to(form.place, fmt::format("'queue … {}': there is no such option", shown(word)));
        const std::string type =
            word.ends_with(repeats) ? word.substr(0, word.size() - repeats.size()) : word;
        if (is_type_name(type) && !has_operand(type))
            object_to(form.place, fmt::format("'queue … {}': the form has no such operand", shown(word)));
    }
}

void add_clauses(GuardClauses& to, const GuardClauses& own) {
    to.without.insert(to.without.end(), own.without.begin(), own.without.end());
    to.environment.insert(to.environment.end(), own.environment.begin(), own.environment.end());
    to.needs.insert(own.needs.begin(), own.needs.end());
    if (!own.queue.empty()) to.queue = own.queue;
    if (own.verb != model::ServiceVerb::none) {
        to.verb = own.verb;
        to.verb_operands = own.verb_operands;
        to.verb_units = own.verb_units;
    }
    if (own.reads_input) {
        to.reads_input = true;
        to.input_with = own.input_with;
        to.input_values = own.input_values;
    }
    if (!own.decides.empty()) {
        to.decides = own.decides;
        to.goes_on = own.goes_on;
    }
    if (!own.adds.empty()) to.adds = own.adds;
    if (!own.covers.empty()) {
        to.covers = own.covers;
        to.uncovers_option = own.uncovers_option;
        to.uncovers_word = own.uncovers_word;
    }
    if (!own.says.empty()) to.says = own.says;
    if (!own.changes.empty()) to.changes = own.changes;
    if (!own.about.empty()) to.about = own.about;
}

} // namespace disco::policy
