#include "policy/guarded_commands.hpp"

#include "policy/policy_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fnmatch.h>

#include <fmt/format.h>

namespace disco::policy {
namespace {

constexpr std::string_view rest_of_words = "...";

bool matches(const std::string& pattern, const std::string& word) {
    return ::fnmatch(pattern.c_str(), word.c_str(), FNM_EXTMATCH) == 0;
}

/// "a|b" as one of two patterns.
bool matches_any(std::string_view alternatives, const std::string& word) {
    for (;;) {
        const std::size_t end = alternatives.find('|');
        if (matches(std::string{alternatives.substr(0, end)}, word)) return true;
        if (end == std::string_view::npos) return false;
        alternatives.remove_prefix(end + 1);
    }
}

bool words_fit(const GuardRule& rule, const std::vector<std::string>& words) {
    std::size_t at = 0;
    for (const std::string& pattern : rule.words) {
        std::string_view each = pattern;
        if (each.ends_with(rest_of_words)) {
            each.remove_suffix(rest_of_words.size());
            const bool must_not = each.starts_with('!');
            if (must_not) each.remove_prefix(1);
            return std::all_of(
                words.begin() + static_cast<std::ptrdiff_t>(at), words.end(),
                [&](const std::string& word) { return each.empty() || matches_any(each, word) != must_not; });
        }
        if (at == words.size() || !matches_any(each, words[at])) return false;
        ++at;
    }
    return at == words.size();
}

bool options_fit(const GuardRule& rule, const std::vector<std::string>& options) {
    if (!rule.limits_options) return true;
    const auto one_of = [](const std::vector<std::string>& patterns, const std::string& option) {
        return std::any_of(patterns.begin(), patterns.end(),
                           [&](const std::string& pattern) { return matches(pattern, option); });
    };
    return std::all_of(options.begin(), options.end(),
                       [&](const std::string& option) {
                           return one_of(rule.options, option) || one_of(rule.required, option);
                       }) &&
           std::all_of(rule.required.begin(), rule.required.end(), [&](const std::string& pattern) {
               return std::any_of(options.begin(), options.end(),
                                  [&](const std::string& option) { return matches(pattern, option); });
           });
}

std::optional<GuardKind> kind_of(std::string_view word) {
    for (const GuardKind kind : {GuardKind::query, GuardKind::action, GuardKind::refuse, GuardKind::run})
        if (word == to_string(kind)) return kind;
    return std::nullopt;
}

std::string base_name(std::string_view path) { return std::string{path.substr(path.rfind('/') + 1)}; }

GuardRule parse_line(const std::vector<std::string>& words, const std::string& place) {
    const auto refuse = [&](const std::string& why) {
        throw sys::BadConfiguration{fmt::format("{}: {}", place, why)};
    };
    GuardRule rule;
    rule.place = place;
    const auto kind = kind_of(words[0]);
    if (!kind)
        refuse(fmt::format("'{}' is no kind of command; there are query, action, refuse and run",
                           sys::printable(words[0])));
    rule.kind = *kind;
    if (words.size() < 2) refuse("the command is missing: KIND COMMAND [OPTION…] WORD…");
    rule.command = words[1];
    if (rule.command.find_first_of("/[]*?") != std::string::npos)
        refuse(fmt::format("'{}' is not the plain name of a command", sys::printable(rule.command)));
    bool in_options = false;
    for (std::size_t i = 2; i < words.size(); ++i) {
        std::string word = words[i];
        if (word.starts_with('[') && !rule.limits_options && rule.words.empty()) {
            in_options = rule.limits_options = true;
            word.erase(0, 1);
        }
        const bool last = in_options && word.ends_with(']');
        if (last) word.pop_back();
        if (in_options && word.starts_with('+'))
            rule.required.push_back(word.substr(1));
        else if (in_options && !word.empty())
            rule.options.push_back(std::move(word));
        else if (!in_options)
            rule.words.push_back(std::move(word));
        if (last) in_options = false;
    }
    if (in_options) refuse("the list of options has no ']'");
    for (std::size_t i = 0; i + 1 < rule.words.size(); ++i)
        if (rule.words[i].ends_with(rest_of_words)) refuse("nothing can come after '...'");
    return rule;
}

} // namespace

const char* to_string(GuardKind kind) {
    switch (kind) {
    case GuardKind::query: return "query";
    case GuardKind::action: return "action";
    case GuardKind::refuse: return "refuse";
    case GuardKind::run: return "run";
    }
    return "?"; // not reached: -Wswitch guards the list
}

GuardedCommands::GuardedCommands(std::vector<GuardRule> rules) : rules_{std::move(rules)} {
    for (const GuardRule& rule : rules_) names_.insert(rule.command);
}

std::set<std::string> GuardedCommands::runnable() const {
    std::set<std::string> names;
    for (const GuardRule& rule : rules_)
        if (rule.kind == GuardKind::run) names.insert(rule.command);
    return names;
}

Classified GuardedCommands::classify(const std::vector<std::string>& argv) const {
    const std::string command = base_name(argv.at(0));
    std::vector<std::string> options, words;
    bool only_words = false; // after "--"
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (!only_words && argv[i] == "--")
            only_words = true;
        else if (!only_words && argv[i].size() > 1 && argv[i].starts_with('-'))
            options.push_back(argv[i]);
        else
            words.push_back(argv[i]);
    }
    for (const GuardRule& rule : rules_)
        if (rule.command == command && options_fit(rule, options) && words_fit(rule, words))
            return {rule.kind, &rule};
    return {};
}

std::vector<GuardRule> parse_guard_rules(std::string_view text, std::string_view file) {
    std::vector<GuardRule> rules;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line = line.substr(0, line.find('#'));
        const std::string place = fmt::format("{}:{}", file, number);
        const auto words =
            sys::while_doing(fmt::format("reading {}", place), [&] { return sys::split_words(line); });
        if (!words.empty()) rules.push_back(parse_line(words, place));
    }
    return rules;
}

GuardedCommands load_guarded_commands(const std::filesystem::path& lib,
                                      const std::filesystem::path& overrides) {
    std::vector<GuardRule> rules;
    for (const auto& [name, file] : effective_files(lib, overrides, "guarded.d"))
        for (GuardRule& rule : parse_guard_rules(sys::read_file(file), file.string()))
            rules.push_back(std::move(rule));
    return GuardedCommands{std::move(rules)};
}

} // namespace disco::policy
