#include "policy/guard_suggestion.hpp"

#include "policy/guard_form_parser.hpp"
#include "policy/guard_match.hpp"
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

std::string suggested_form(const std::string& name, const GuardGrammar& grammar,
                           const std::vector<std::string>& argv) {
    const MatchedLine matched = match_line(grammar, argv);
    const GuardScope& scope = *matched.scope;
    // What stands before sub-commands is not a form's to say.
    if (grammar.scopes.size() > 1 && matched.scope == &grammar.scopes.front() && !matched.line.error.empty())
        return {};
    std::vector<std::string> words;
    std::string first;
    for (const auto& names : scope.path) words.push_back(names.front());
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& text = argv[i];
        const auto note = matched.notes.find(i);
        if (note != matched.notes.end() && note->second == "this sub-command") continue;
        const bool operand =
            std::any_of(matched.line.words.begin(), matched.line.words.end(),
                        [&](const GivenWord& word) { return word.index == i && word.text == text; });
        if (operand) {
            words.push_back(as_item(text));
            if (first.empty()) first = text;
        } else if (text.size() > 1 && text[0] == '-' && text != "--") {
            const bool value = note != matched.notes.end() && note->second.starts_with("the value of");
            if (!value) add_option(words, scope, text);
        }
    }
    if (!scope.path.empty() && first.empty()) first = scope.path.back().front();
    if (first.empty() && !words.empty()) first = words.front();
    const bool printable_words = std::all_of(words.begin(), words.end(), [](const std::string& word) {
        return word.size() > 1 ? sys::printable(word) == word || word.find_first_of("\n\r\t") == word.npos
                               : true;
    });
    if (!printable_words) return {};
    std::vector<std::string> line = {"form", looks_like_a_question(first) ? "query" : "action", name};
    line.insert(line.end(), words.begin(), words.end());
    return sys::quote_words(line);
}

} // namespace disco::policy
