#include "policy/guarded_commands.hpp"

#include "policy/guard_check.hpp"
#include "policy/guard_match.hpp"
#include "policy/guard_rebuild.hpp"
#include "policy/guard_suggestion.hpp"
#include "policy/policy_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <mutex>
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

/// Grammars that have been read, and where the others stand. Asked by more than one thread.
struct GuardedCommands::Unread {
    std::mutex lock;
    std::map<std::string, std::shared_ptr<const GuardText>, std::less<>> texts; ///< by command
    GuardGrammars grammars;

    const GuardGrammar& read(std::string_view command) {
        const auto text = texts.find(command);
        if (text != texts.end()) {
            GuardGrammars found = parse_guard_grammars({*text->second});
            for (auto& [name, grammar] : found) texts.erase(name);
            grammars.merge(std::move(found));
        }
        return grammars.find(command)->second;
    }
};

GuardedCommands::GuardedCommands(GuardGrammars grammars) : unread_{std::make_shared<Unread>()} {
    std::vector<std::string> objections;
    for (const auto& [name, grammar] : grammars) {
        names_.insert(name);
        for (std::string& objection : grammar_objections(name, grammar))
            objections.push_back(std::move(objection));
    }
    if (!objections.empty()) throw sys::BadConfiguration{fmt::format("{}", fmt::join(objections, "\n"))};
    unread_->grammars = std::move(grammars);
}

GuardedCommands::GuardedCommands(std::vector<GuardPassage> passages) : unread_{std::make_shared<Unread>()} {
    for (GuardPassage& passage : passages) {
        const auto text = std::make_shared<const GuardText>(std::move(passage.text));
        for (const std::string& name : passage.names) {
            names_.insert(name);
            unread_->texts.emplace(name, text);
        }
    }
}

const GuardGrammar& GuardedCommands::grammar_of(std::string_view command) const {
    const std::lock_guard guard{unread_->lock};
    return unread_->read(command);
}

const GuardGrammars& GuardedCommands::grammars() const {
    const std::lock_guard guard{unread_->lock};
    for (const std::string& name : names_) static_cast<void>(unread_->read(name));
    return unread_->grammars;
}

GuardExplanation GuardedCommands::explain(const std::vector<std::string>& argv) const {
    const std::string name = base_name(argv.at(0));
    const GuardGrammar& grammar = grammar_of(name);
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

std::vector<GuardText> read_guard_texts(const std::filesystem::path& lib,
                                        const std::filesystem::path& overrides) {
    std::vector<GuardText> texts;
    for (const auto& [name, file] : effective_files(lib, overrides, "guarded.d"))
        texts.push_back({sys::read_file(file), file.string()});
    return texts;
}

GuardedCommands load_guarded_commands(const std::filesystem::path& lib,
                                      const std::filesystem::path& overrides) {
    const std::vector<GuardText> texts = read_guard_texts(lib, overrides);
    // What is shipped has been checked when disco was built.
    if (policy_files(overrides / "guarded.d").empty())
        if (auto passages = guard_passages(texts)) return GuardedCommands{std::move(*passages)};
    return GuardedCommands{parse_guard_grammars(texts)};
}

} // namespace disco::policy
