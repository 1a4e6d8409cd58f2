#pragma once

#include "policy/guard_grammar.hpp"
#include "policy/guard_index.hpp"
#include "policy/guard_parser.hpp"
#include "runner/model/subject.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace disco::policy {

/// What becomes of a command line of a guarded command.
struct GuardDecision {
    GuardKind kind = GuardKind::refuse;
    bool known = false;              ///< false: no form fits, and it is refused
    std::vector<std::string> query;  ///< of a query: rebuilt from what was parsed, never the caller's words
    std::vector<std::string> action; ///< what is queued, if anything
    std::vector<std::string> view;   ///< what runs in the view, if anything
    std::vector<std::string> environment; ///< "NAME=VALUE", added to that of `view`
    std::set<Need> needs;                 ///< of a query
    model::ServiceMeaning meaning;        ///< of the query or the action
    std::vector<model::Subject> about;   ///< what the answer of a query, or what runs in the view, depends on
    std::vector<model::Subject> changes; ///< what the action changes
    /// For a line with an action: its words, rebuilt from what was parsed as a query's are, to be compared
    /// with those.
    std::vector<std::string> canonical;
    bool reads_input = false;         ///< of an action: what its standard input holds is kept for it
    std::vector<std::string> decides; ///< of an action: run in the view, it says whether there is one
    std::set<int> goes_on;            ///< by these exit codes; by others the command runs in the view
    std::vector<std::string> covers;  ///< of an action: directories that it hides by what it mounts
    std::string reason;               ///< of a refusal: why, what to write instead, and the line to add
    std::string place;                ///< "FILE:LINE" of the form
    std::string line; ///< of an unknown form: that would make it known; "" when no single line would
};

/// How a command line was parsed, for people.
struct GuardExplanation {
    std::map<std::size_t, std::string> words; ///< what each word is, by its index
    std::string form;                         ///< that fits, as it was written; "" for none
    GuardDecision decision;
};

/// The grammars of guarded commands in force. Pure once read.
class GuardedCommands {
public:
    /// Throws BadConfiguration when command lines could fit two forms.
    explicit GuardedCommands(GuardGrammars grammars, std::vector<GuardUnits> units = {});
    /// The grammars of files in `directory` that have been checked. Most runs ask for none of the commands or
    /// a few, so each grammar is read when it is first asked for.
    GuardedCommands(GuardIndex index, std::filesystem::path directory);

    [[nodiscard]] bool contains(std::string_view command) const { return names_.contains(command); }
    [[nodiscard]] const std::set<std::string, std::less<>>& names() const noexcept { return names_; }
    [[nodiscard]] const GuardGrammars& grammars() const;
    [[nodiscard]] const std::vector<GuardUnits>& units() const;

    /// `argv[0]` may have a path. The command must be a guarded one.
    [[nodiscard]] GuardDecision decide(const std::vector<std::string>& argv) const;
    [[nodiscard]] GuardExplanation explain(const std::vector<std::string>& argv) const;

private:
    struct Unread; ///< what is still to be read, behind a lock
    [[nodiscard]] const GuardGrammar& grammar_of(std::string_view command) const;

    std::set<std::string, std::less<>> names_;
    std::shared_ptr<Unread> unread_;
};

/// The files of LIB/guarded.d with the administrator's in their places and beside them. Throws SysError.
[[nodiscard]] std::vector<GuardText> read_guard_texts(const std::filesystem::path& lib,
                                                      const std::filesystem::path& overrides);

/// LIB/guarded.d with the administrator's files in their places and beside them. Throws BadConfiguration with
/// file, line and word; SysError.
[[nodiscard]] GuardedCommands load_guarded_commands(const std::filesystem::path& lib,
                                                    const std::filesystem::path& overrides);

} // namespace disco::policy
