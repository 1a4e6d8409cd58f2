#include "policy/guarded_commands.hpp"

#include "policy/guard_check.hpp"
#include "policy/guard_match.hpp"
#include "policy/guard_rebuild.hpp"
#include "policy/guard_suggestion.hpp"
#include "policy/policy_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::policy {
namespace {

std::string base_name(std::string_view path) { return std::string{path.substr(path.rfind('/') + 1)}; }

GuardDecision unknown(const std::string& name, const GuardGrammar& grammar,
                      const std::vector<std::string>& argv, const std::string& why) {
    GuardDecision decision;
    decision.line = suggested_form(name, grammar, argv);
    decision.place = grammar.place;
    decision.reason = fmt::format(
        "disco does not know this form of {} ({}), so it cannot tell whether it only asks. ", name, why);
    decision.reason +=
        decision.line.empty()
            ? fmt::format(
                  "If it is right as it is, copy '{}' to /etc/disco/policy/guarded.d, and add what is "
                  "missing to the grammar there.",
                  grammar.place.substr(0, grammar.place.rfind(':')))
            : fmt::format("To allow it, write into a file in /etc/disco/policy/guarded.d: {}", decision.line);
    return decision;
}

GuardDecision decide(const std::string& name, const MatchedLine& matched,
                     const std::vector<std::string>& argv) {
    const GuardForm& form = *matched.form;
    GuardDecision decision;
    decision.kind = form.kind;
    decision.known = true;
    decision.place = form.place;
    decision.meaning = meaning_of(matched);
    decision.covers = covered_directories(matched);
    switch (form.kind) {
    case GuardKind::query:
        decision.query = rebuild_line(name, matched);
        decision.needs = form.clauses.needs;
        break;
    case GuardKind::action:
        decision.action = argv;
        decision.reads_input = reads_input(matched);
        break;
    case GuardKind::view:
    case GuardKind::both:
        decision.view = argv;
        if (!form.clauses.without.empty()) {
            decision.view = rebuild_line(name, matched, form.clauses.without);
            decision.view[0] = argv[0];
        }
        decision.environment = form.clauses.environment;
        decision.action = queued_line(matched);
        if (decision.action.empty() && form.kind == GuardKind::both) decision.action = argv;
        break;
    case GuardKind::refuse:
        decision.reason = form.clauses.says.empty() ? "the policy says so" : form.clauses.says;
        break;
    }
    return decision;
}

} // namespace

const char* to_string(GuardKind kind) {
    switch (kind) {
    case GuardKind::view: return "view";
    case GuardKind::query: return "query";
    case GuardKind::action: return "action";
    case GuardKind::both: return "both";
    case GuardKind::refuse: return "refuse";
    }
    return "?"; // not reached: -Wswitch guards the list
}

const char* to_string(Need need) {
    switch (need) {
    case Need::read_all: return "read-all";
    case Need::net_admin: return "net-admin";
    case Need::ptrace: return "ptrace";
    case Need::bus: return "bus";
    case Need::docker_socket: return "docker-socket";
    case Need::root_user: return "root-user";
    }
    return "?"; // not reached: -Wswitch guards the list
}

GuardedCommands::GuardedCommands(GuardGrammars grammars) : grammars_{std::move(grammars)} {
    std::vector<std::string> objections;
    for (const auto& [name, grammar] : grammars_) {
        names_.insert(name);
        for (std::string& objection : grammar_objections(name, grammar))
            objections.push_back(std::move(objection));
    }
    if (!objections.empty()) throw sys::BadConfiguration{fmt::format("{}", fmt::join(objections, "\n"))};
}

GuardExplanation GuardedCommands::explain(const std::vector<std::string>& argv) const {
    const std::string name = base_name(argv.at(0));
    const GuardGrammar& grammar = grammars_.find(name)->second;
    const MatchedLine matched = match_line(grammar, argv);
    GuardExplanation explanation;
    explanation.words = matched.notes;
    if (matched.form == nullptr)
        explanation.decision = unknown(name, grammar, argv, matched.error);
    else {
        explanation.form = matched.form->text;
        explanation.decision = policy::decide(name, matched, argv);
    }
    return explanation;
}

GuardDecision GuardedCommands::decide(const std::vector<std::string>& argv) const {
    return explain(argv).decision;
}

GuardedCommands load_guarded_commands(const std::filesystem::path& lib,
                                      const std::filesystem::path& overrides) {
    std::vector<GuardText> texts;
    for (const auto& [name, file] : effective_files(lib, overrides, "guarded.d"))
        texts.push_back({sys::read_file(file), file.string()});
    return GuardedCommands{parse_guard_grammars(texts)};
}

} // namespace disco::policy
