#pragma once

#include "policy/guard_types.hpp"
#include "runner/model/service_verb.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

// What the files of policy/guarded.d say, as values. docs/guarded-commands.md describes the format.
namespace disco::policy {

/// What becomes of a form of a guarded command.
enum class GuardKind {
    view,   ///< runs in the view
    query,  ///< the host answers, with words rebuilt from what was parsed
    action, ///< queued; runs after the merge
    both,   ///< runs in the view and is queued
    refuse, ///< fails and says why
};
[[nodiscard]] const char* to_string(GuardKind kind); ///< "query", …

/// What a query needs beyond an unprivileged user.
enum class Need {
    read_all,      ///< files of every user
    net_admin,     ///< to read rules of the network
    interfaces,    ///< sockets to ask for network interfaces by
    ptrace,        ///< to look into processes
    bus,           ///< the system's message bus
    docker_socket, ///< the socket of docker or podman
    root_user,     ///< to be root
};
[[nodiscard]] const char* to_string(Need need); ///< "read-all", …

struct GuardOption {
    /// `optional_next`: the next word is the value, too, if its type fits.
    enum class Value { none, required, optional, optional_next };

    std::vector<std::string> names; ///< "-t", "--type"; the last is the one of rebuilt lines
    Value value = Value::none;
    std::optional<WordType> type; ///< of the value; with `is_typed` of what stands behind the dash
    bool is_typed = false;        ///< "-SIGNAL"
    bool takes_words = false; ///< the words behind it, up to the next option, are its own: "--list=NAME..."
    bool everywhere = true;   ///< every form allows it
    std::string place;        ///< "FILE:LINE"

    [[nodiscard]] const std::string& name() const { return names.back(); }
};

/// An option as a form names it; `values` empty: any.
struct OptionUse {
    std::size_t option = 0;
    std::set<std::string, std::less<>> values;
};

/// One operand or plain word of a form, or several.
struct GuardItem {
    std::vector<std::string> words; ///< plain: this or an alias; the first is canonical
    std::optional<WordType> type;   ///< or an operand
    bool optional = false, repeated = false;
};

/// `about mounts of PATH unless --output`.
struct GuardSubjects {
    std::vector<std::string> names; ///< none: "nothing"
    std::vector<std::string>
        of;                  ///< which of them: a type, an option, `--option=BEGINNING`, "words", "devices"
    bool loose = false;      ///< what those hold are parts of names
    std::string with_option; ///< only with this option, or with one of these in its list
    std::vector<std::string> with_values;
    std::string unless_option; ///< only without this one
};

struct GuardClauses {
    std::vector<std::string> without;     ///< options, by any name
    std::vector<std::string> queue;       ///< words, types, options in brackets
    std::vector<std::string> environment; ///< "NAME=VALUE"
    std::set<Need> needs;
    model::ServiceVerb verb = model::ServiceVerb::none;
    std::string verb_operands;             ///< a type
    std::vector<std::string> verb_units;   ///< or these
    bool reads_input = false;              ///< its standard input is kept, and given to it when it runs
    std::string input_with;                ///< but only with this option, or with words of this type
    std::vector<std::string> input_values; ///< that are one of these; none: any
    std::vector<std::string> decides;      ///< options: with them the command says whether it would act
    std::set<int> goes_on;                 ///< the exit codes that say so
    std::vector<std::string> adds;         ///< options of what is queued then
    std::string covers; ///< a type or an option: the directories that it hides by what it mounts
    std::string uncovers_option, uncovers_word; ///< but not with this word in this option's list
    std::string says;
    std::vector<GuardSubjects> changes, about; ///< none: a subject of the command's own name
};

struct GuardForm {
    GuardKind kind = GuardKind::refuse;
    std::vector<std::vector<OptionUse>> required; ///< one of each
    std::vector<OptionUse> allowed;
    std::set<std::size_t> forbidden;
    bool allows_others = false;
    std::vector<GuardItem> items;
    GuardClauses clauses;
    std::string text;  ///< as it was written
    std::string place; ///< "FILE:LINE"
};

/// A command, or a sub-command with options of its own.
struct GuardScope {
    enum class Options { anywhere, first, none };

    std::vector<std::vector<std::string>> path; ///< of a sub-command: words with their aliases
    Options options_stand = Options::anywhere;
    bool long_single = false, abbreviated_options = false, abbreviated_words = false;
    bool has_end = true; ///< knows `--`
    bool joined = false, ordered = false;
    std::string prefix;             ///< a word that belongs to the next option
    std::optional<WordType> others; ///< of the words behind other long options
    std::vector<GuardOption> options;
    std::vector<GuardForm> forms;
    std::string place;
};

struct GuardGrammar {
    std::vector<GuardScope> scopes; ///< the command's own first, then those of its sub-commands
    std::map<std::string, WordType, std::less<>> types;
    std::map<GuardKind, GuardClauses> each;
    std::string place;
};

/// `units nftables ufw => changes packet-filter`: what starting and stopping them changes besides.
struct GuardUnits {
    std::vector<std::string> patterns; ///< of full names: "nftables.service", "*.mount"
    std::vector<std::string> subjects;
    std::string place; ///< "FILE:LINE"
};

/// By the name of the command.
using GuardGrammars = std::map<std::string, GuardGrammar, std::less<>>;

} // namespace disco::policy
