#include "policy/guarded_commands.hpp"

#include "policy/guard_check.hpp"
#include "policy/guard_match.hpp"
#include "policy/guard_rebuild.hpp"
#include "policy/guard_subjects.hpp"
#include "policy/guard_suggestion.hpp"
#include "policy/policy_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
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
        "disco does not know this form of {} ({}), so it cannot know whether it only asks. ", name, why);
    decision.reason +=
        decision.line.empty()
            ? fmt::format(
                  "If it is right as it is, copy '{}' to /etc/disco/policy/guarded.d, and add what is "
                  "missing to the grammar there.",
                  grammar.place.substr(0, grammar.place.rfind(':')))
            : fmt::format("To allow it, write into a file in /etc/disco/policy/guarded.d: {}", decision.line);
    return decision;
}

/// Before all other words.
std::vector<std::string> with_options(std::vector<std::string> argv,
                                      const std::vector<std::string>& options) {
    argv.insert(std::next(argv.begin()), options.begin(), options.end());
    return argv;
}

GuardDecision decide(const std::string& name, const MatchedLine& matched,
                     const std::vector<std::string>& argv, const GuardedCommands& commands) {
    const GuardForm& form = *matched.form;
    GuardDecision decision;
    decision.kind = form.kind;
    decision.known = true;
    decision.place = form.place;
    decision.meaning = meaning_of(matched);
    decision.covers = covered_directories(matched);
    if (form.kind == GuardKind::query || form.kind == GuardKind::view)
        decision.about = asked_about(name, matched);
    switch (form.kind) {
    case GuardKind::query:
        decision.query = rebuild_line(name, matched);
        decision.needs = form.clauses.needs;
        break;
    case GuardKind::action:
        decision.action = with_options(argv, form.clauses.adds);
        decision.reads_input = reads_input(matched);
        decision.goes_on = form.clauses.goes_on;
        if (!form.clauses.decides.empty()) decision.decides = with_options(argv, form.clauses.decides);
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
    if (!decision.action.empty()) {
        const bool on_units = decision.meaning.verb != model::ServiceVerb::none;
        decision.changes = changed_by(name, matched, on_units ? commands.units() : std::vector<GuardUnits>{});
        decision.canonical = rebuild_line(name, matched);
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
    case Need::interfaces: return "interfaces";
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
    std::optional<GuardIndex> index; ///< none: all have been read
    std::filesystem::path directory;
    GuardGrammars grammars;
    std::optional<std::vector<GuardUnits>> units; ///< none: not read yet

    const GuardGrammar& read(std::string_view command) {
        auto found = grammars.find(command);
        if (found == grammars.end() && index) {
            grammars.merge(parse_guard_grammars({index->read(command, directory)}));
            found = grammars.find(command);
        }
        return found->second;
    }
};

GuardedCommands::GuardedCommands(GuardGrammars grammars, std::vector<GuardUnits> units)
    : unread_{std::make_shared<Unread>()} {
    std::vector<std::string> objections;
    for (const auto& [name, grammar] : grammars) {
        names_.insert(name);
        for (std::string& objection : grammar_objections(name, grammar))
            objections.push_back(std::move(objection));
    }
    if (!objections.empty()) throw sys::BadConfiguration{fmt::format("{}", fmt::join(objections, "\n"))};
    unread_->grammars = std::move(grammars);
    unread_->units = std::move(units);
}

GuardedCommands::GuardedCommands(GuardIndex index, std::filesystem::path directory)
    : names_{index.names()}, unread_{std::make_shared<Unread>()} {
    unread_->index = std::move(index);
    unread_->directory = std::move(directory);
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

const std::vector<GuardUnits>& GuardedCommands::units() const {
    const std::lock_guard guard{unread_->lock};
    if (!unread_->units) {
        std::vector<GuardText> texts;
        for (const auto& [name, file] : policy_files(unread_->directory))
            texts.push_back({sys::read_file(file), file.string()});
        unread_->units = parse_guard_units(texts);
    }
    return *unread_->units;
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
        explanation.decision = policy::decide(name, matched, argv, *this);
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
    // What is shipped has been checked when disco was built.
    const auto index = lib / "compiled" / "guarded";
    if (policy_files(overrides / "guarded.d").empty())
        return GuardedCommands{GuardIndex{sys::read_file(index), index.string()}, lib / "guarded.d"};
    const std::vector<GuardText> texts = read_guard_texts(lib, overrides);
    return GuardedCommands{parse_guard_grammars(texts), parse_guard_units(texts)};
}

} // namespace disco::policy
