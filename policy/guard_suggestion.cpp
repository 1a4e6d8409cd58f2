#include "policy/guard_suggestion.hpp"

#include "policy/guard_check.hpp"
#include "policy/guard_form_parser.hpp"
#include "policy/guard_match.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace disco::policy {
namespace {

/// Words by which commands ask.
bool looks_like_a_question(std::string_view word) {
    while (word.starts_with('-')) word.remove_prefix(1);
    constexpr std::array<std::string_view, 18> beginnings = {
        "list", "show", "status", "get",  "is-",   "info",    "inspect", "ls",      "print",
        "dump", "cat",  "check",  "stat", "query", "version", "help",    "monitor", "lookup"};
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](std::string_view beginning) { return word.starts_with(beginning); });
}

/// A plain word as a form has it.
std::string as_item(const std::string& word) {
    const bool plain = !word.empty() && !is_type_name(word) && word[0] != '-' && !word.ends_with("...") &&
                       word.find_first_of("[]*?!={}|'\"\\ #") == std::string::npos && word != "=>";
    return plain ? word : "=" + word;
}

void add_option(std::vector<std::string>& words, const GuardScope& scope, const std::string& text) {
    const std::size_t sign = text.find('=');
    if (text.starts_with("--") || scope.long_single) {
        const std::string name = text.substr(0, sign);
        const std::size_t known = find_option(scope, name);
        if (known != std::string::npos && scope.options[known].everywhere) return;
        words.push_back(known == std::string::npos && sign != text.npos ? name + "=TEXT" : name);
        return;
    }
    for (std::size_t i = 1; i < text.size(); ++i) {
        const std::string name = {'-', text[i]};
        const std::size_t known = find_option(scope, name);
        if (known == std::string::npos || !scope.options[known].everywhere) words.push_back(name);
        if (known != std::string::npos && scope.options[known].value != GuardOption::Value::none) return;
    }
}

} // namespace

namespace {

/// The line does what it says: with it the command line is known, and no other has two forms.
bool makes_known(GuardGrammar grammar, std::size_t scope, const std::vector<std::string>& words,
                 const std::vector<std::string>& argv) {
    try {
        GuardScope& to = grammar.scopes[scope];
        to.forms.push_back(parse_form(GuardKind::query, words, grammar, to, ""));
    } catch (const sys::BadConfiguration&) {
        return false;
    }
    const MatchedLine matched = match_line(grammar, argv);
    return matched.form == &grammar.scopes[scope].forms.back() && is_last_form_apart(grammar, scope);
}

} // namespace

std::string suggested_form(const std::string& name, const GuardGrammar& grammar,
                           const std::vector<std::string>& argv) {
    constexpr std::size_t most_words = 50, most_bytes = 1000; // nobody would write that down
    std::size_t bytes = 0;
    for (const std::string& word : argv) bytes += word.size();
    if (argv.size() > most_words || bytes > most_bytes) return {};
    const MatchedLine matched = match_line(grammar, argv);
    const GuardScope& scope = *matched.scope;
    // What stands before sub-commands is not a form's to say.
    if (grammar.scopes.size() > 1 && matched.scope == &grammar.scopes.front() && !matched.line.error.empty())
        return {};
    std::vector<std::string> words;
    std::string first;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& text = argv[i];
        const auto note = matched.notes.find(i);
        if (note != matched.notes.end() && note->second == "this sub-command") continue;
        bool operand = false;
        for (const GivenWord& word : matched.line.words) {
            if (word.index != i) continue;
            words.push_back(as_item(word.text));
            if (first.empty()) first = word.text;
            operand = true;
        }
        if (operand) continue;
        if (text.size() > 1 && text[0] == '-' && text != "--") {
            const bool value = note != matched.notes.end() && note->second.starts_with("the value of");
            if (!value) add_option(words, scope, text);
        }
    }
    if (!scope.path.empty() && first.empty()) first = scope.path.back().front();
    if (first.empty() && !words.empty()) first = words.front();
    const auto index = static_cast<std::size_t>(&scope - grammar.scopes.data());
    if (!makes_known(grammar, index, words, argv)) return {};
    for (auto names = scope.path.rbegin(); names != scope.path.rend(); ++names)
        words.insert(words.begin(), names->front());
    // Whoever adds a line has judged these very words; what a shell might take apart is not to be waved
    // through.
    const bool harmless = std::none_of(words.begin(), words.end(), [](const std::string& word) {
        return sys::printable(word) != word || word.find_first_of(" ;&|<>$`\\\"'()") != word.npos;
    });
    if (!harmless) return {};
    std::vector<std::string> line = {"form", looks_like_a_question(first) ? "query" : "action", name};
    line.insert(line.end(), words.begin(), words.end());
    return sys::quote_words(line);
}

} // namespace disco::policy
