#include "policy/guard_form_parser.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::policy {
namespace {

constexpr std::string_view repeats = "...";
constexpr std::string_view others_word = "--*";

std::string shown(std::string_view word) { return sys::printable(word); }

std::vector<std::string> split_at(std::string_view text, char sign) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = text.find(sign);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

bool is_option_word(std::string_view word) { return word.size() > 1 && word[0] == '-'; }

/// Takes the value's part off the last spelling.
void take_value(std::string& spelling, GuardOption& option, const GuardGrammar& grammar,
                const std::string& place) {
    if (spelling.ends_with(']')) {
        const std::size_t begin = spelling.find("[=");
        if (begin == spelling.npos)
            object_to(place, fmt::format("'{}': an optional value is written [=TYPE]", shown(spelling)));
        std::string_view type = std::string_view{spelling}.substr(begin + 2, spelling.size() - begin - 3);
        option.value = GuardOption::Value::optional;
        if (type.starts_with('?')) {
            option.value = GuardOption::Value::optional_next;
            type.remove_prefix(1);
        }
        option.type = find_type(type, grammar, place);
        spelling.resize(begin);
    } else if (const std::size_t sign = spelling.find('='); sign != spelling.npos) {
        std::string_view type = std::string_view{spelling}.substr(sign + 1);
        option.takes_words = type.ends_with(repeats);
        if (option.takes_words) type.remove_suffix(repeats.size());
        option.value = option.takes_words ? GuardOption::Value::optional : GuardOption::Value::required;
        option.type = find_type(type, grammar, place);
        spelling.resize(sign);
    }
}

/// One alternative of an option in a form: `--query`, `--query=name`, `--new=WORD`.
OptionUse parse_use(const std::string& word, const std::vector<std::string>& values,
                    const GuardGrammar& grammar, GuardScope& scope, const std::string& place) {
    const std::size_t end = std::min(word.find('='), word.find("[="));
    const std::string name = word.substr(0, end);
    const bool valued = end != word.npos;
    std::size_t found = find_option(scope, name);
    if (found == std::string::npos) {
        GuardOption option = parse_option({word}, grammar, place);
        option.everywhere = false;
        found = scope.options.size();
        scope.options.push_back(std::move(option));
        return {found, {}};
    }
    const GuardOption& known = scope.options[found];
    if (!valued) return {found, {}};
    if (known.value == GuardOption::Value::none)
        object_to(place, fmt::format("'{}': the option has no value at {}", shown(word), known.place));
    if (values.size() == 1 && is_type_name(values[0])) {
        if (known.type->name() != values[0])
            object_to(place, fmt::format("'{}': its value is {} at {}", shown(word), known.type->name(),
                                         known.place));
        return {found, {}};
    }
    return {found, {values.begin(), values.end()}};
}

/// `-n|--dry-run`, `--query=name|path`.
std::vector<OptionUse> parse_uses(const std::string& word, const GuardGrammar& grammar, GuardScope& scope,
                                  const std::string& place) {
    std::vector<OptionUse> uses;
    const std::vector<std::string> parts = split_at(word, '|');
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (!is_option_word(parts[i]))
            object_to(place, fmt::format("'{}': '{}' is no option", shown(word), shown(parts[i])));
        std::vector<std::string> values;
        if (const std::size_t sign = parts[i].find('='); sign != std::string::npos) {
            values.push_back(parts[i].substr(sign + 1));
            if (parts[i].find("[=") != std::string::npos && values[0].ends_with(']')) values[0].pop_back();
            const std::size_t from = i;
            while (i + 1 < parts.size() && !is_option_word(parts[i + 1])) values.push_back(parts[++i]);
            uses.push_back(parse_use(parts[from], values, grammar, scope, place));
        } else
            uses.push_back(parse_use(parts[i], values, grammar, scope, place));
    }
    return uses;
}

GuardItem parse_item(std::string word, const GuardGrammar& grammar, const std::string& place) {
    const std::string written = word;
    GuardItem item;
    if (word.starts_with('=')) {
        if (word.size() == 1) object_to(place, "'=': the word behind it is missing");
        item.words = {word.substr(1)};
        return item;
    }
    if (word.starts_with('[')) {
        if (!word.ends_with(']')) object_to(place, fmt::format("'{}': ']' is missing", shown(written)));
        word = word.substr(1, word.size() - 2);
        item.optional = true;
    }
    if (word.ends_with(repeats)) {
        word.resize(word.size() - repeats.size());
        item.repeated = true;
    }
    if (is_type_name(word)) {
        item.type = find_type(word, grammar, place);
        return item;
    }
    item.words = split_at(word, '|');
    for (const std::string& each : item.words)
        if (each.empty() || is_type_name(each) || each.find_first_of("[]*?!={}'\"\\ ") != std::string::npos)
            object_to(place, fmt::format("'{}' is neither a plain word nor a type nor an option; =WORD is a "
                                         "word that looks like something else",
                                         shown(written)));
    return item;
}

} // namespace

void object_to(const std::string& place, const std::string& why) {
    throw sys::BadConfiguration{fmt::format("{}: {}", place, why)};
}

std::size_t find_option(const GuardScope& scope, std::string_view name) {
    for (std::size_t i = 0; i < scope.options.size(); ++i)
        if (std::find(scope.options[i].names.begin(), scope.options[i].names.end(), name) !=
            scope.options[i].names.end())
            return i;
    return std::string::npos;
}

const WordType& find_type(std::string_view name, const GuardGrammar& grammar, const std::string& place) {
    if (const auto own = grammar.types.find(name); own != grammar.types.end()) return own->second;
    if (const WordType* type = WordType::built_in(name)) return *type;
    object_to(place, fmt::format("'{}': there is no such type", shown(name)));
}

GuardOption parse_option(const std::vector<std::string>& words, const GuardGrammar& grammar,
                         const std::string& place) {
    GuardOption option;
    option.place = place;
    option.names = words;
    if (words.empty()) object_to(place, "the option is missing");
    if (words.size() == 1 && words[0].starts_with('-') && is_type_name(words[0].substr(1))) {
        option.is_typed = true;
        option.type = find_type(words[0].substr(1), grammar, place);
        return option;
    }
    take_value(option.names.back(), option, grammar, place);
    for (const std::string& name : option.names) {
        const std::string_view bare =
            std::string_view{name}.substr(std::min<std::size_t>(name.find_first_not_of('-'), name.size()));
        const std::size_t dashes = name.size() - bare.size();
        if (dashes < 1 || dashes > 2 || bare.empty() ||
            bare.find_first_of("=[]|*'\"\\ ") != std::string_view::npos)
            object_to(place, fmt::format("'{}' is no option", shown(name)));
    }
    return option;
}

GuardForm parse_form(GuardKind kind, const std::vector<std::string>& words, const GuardGrammar& grammar,
                     GuardScope& scope, const std::string& place) {
    GuardForm form;
    form.kind = kind;
    form.place = place;
    form.text = fmt::format("{}", fmt::join(words, " "));
    for (const std::string& word : words) {
        const bool bracketed = word.starts_with("[-") && word.ends_with(']');
        const std::string inner = bracketed ? word.substr(1, word.size() - 2) : word;
        if (inner == others_word) {
            if (!scope.others) object_to(place, "'--*': the grammar has no line 'others TYPE'");
            form.allows_others = true;
        } else if (bracketed)
            for (OptionUse& use : parse_uses(inner, grammar, scope, place))
                form.allowed.push_back(std::move(use));
        else if (word.starts_with("!-"))
            for (const OptionUse& use : parse_uses(word.substr(1), grammar, scope, place))
                form.forbidden.insert(use.option);
        else if (is_option_word(word))
            form.required.push_back(parse_uses(word, grammar, scope, place));
        else
            form.items.push_back(parse_item(word, grammar, place));
    }
    return form;
}

} // namespace disco::policy
