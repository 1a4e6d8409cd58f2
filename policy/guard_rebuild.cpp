#include "policy/guard_rebuild.hpp"

#include "policy/guard_form_parser.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace disco::policy {
namespace {

void append_option(std::vector<std::string>& words, const GuardScope& scope, const GivenOption& given) {
    if (given.prefixed) words.push_back(scope.prefix);
    if (given.option == std::string::npos) {
        words.insert(words.end(), given.words.begin(), given.words.end());
        return;
    }
    const GuardOption& option = scope.options[given.option];
    if (option.is_typed) {
        words.push_back("-" + given.typed);
        return;
    }
    const std::string& name = option.name();
    // iptables reads the words of its options itself, and knows no sign.
    const bool takes_sign = name.starts_with("--") && !scope.long_single && !scope.ordered;
    if (!given.value) {
        words.push_back(name);
        words.insert(words.end(), given.words.begin(), given.words.end());
    } else if (option.value == GuardOption::Value::optional ||
               (option.value == GuardOption::Value::optional_next && takes_sign))
        words.push_back(name + (name.size() == 2 ? "" : "=") + *given.value);
    else if (takes_sign)
        words.push_back(name + "=" + *given.value);
    else {
        words.push_back(name);
        words.push_back(*given.value);
    }
}

void append_options(std::vector<std::string>& words, const GuardScope& scope, const ParsedLine& line,
                    const std::vector<std::string>& without) {
    std::set<std::size_t> left_out;
    for (const std::string& name : without) left_out.insert(find_option(scope, name));
    std::vector<const GivenOption*> given;
    for (const GivenOption& option : line.options)
        if (!left_out.contains(option.option) || option.option == std::string::npos) given.push_back(&option);
    if (!scope.ordered)
        std::stable_sort(given.begin(), given.end(),
                         [](const GivenOption* a, const GivenOption* b) { return a->option < b->option; });
    for (const GivenOption* option : given) append_option(words, scope, *option);
}

std::vector<std::string> operands_of(const MatchedLine& matched, std::string_view type) {
    std::vector<std::string> operands;
    for (std::size_t w = 0; w < matched.items.size(); ++w) {
        const GuardItem& item = matched.form->items[matched.items[w]];
        if (item.type && item.type->name() == type) operands.push_back(matched.line.words[w].text);
    }
    return operands;
}

} // namespace

std::vector<std::string> values_of(const MatchedLine& matched, const std::string& name) {
    if (!name.starts_with('-')) return operands_of(matched, name);
    std::vector<std::string> values;
    const std::size_t wanted = find_option(*matched.scope, name);
    for (const GivenOption& given : matched.line.options)
        if (given.option == wanted) values.push_back(given.value.value_or(""));
    return values;
}

std::vector<std::string> rebuild_line(const std::string& name, const MatchedLine& matched,
                                      const std::vector<std::string>& without) {
    std::vector<std::string> words = {name};
    const GuardScope& scope = *matched.scope;
    if (!scope.path.empty()) {
        append_options(words, *matched.before_scope, matched.before, without);
        for (std::size_t at = 0; at < scope.path.size(); ++at) words.push_back(matched.before.words[at].text);
    }
    append_options(words, scope, matched.line, without);
    // From here on nothing is an option. A `--` says so where the program knows it: before the first operand,
    // and where options stand first, before the first word that looks like one.
    bool options_ended = !scope.has_end || scope.options_stand == GuardScope::Options::none;
    bool any = false;
    for (std::size_t w = 0; w < matched.items.size(); ++w) {
        const GuardItem& item = matched.form->items[matched.items[w]];
        const std::string& text = matched.line.words[w].text;
        const bool plain = !item.type && !text.starts_with('-');
        if (scope.options_stand == GuardScope::Options::first)
            options_ended = options_ended || any || !text.starts_with('-');
        if (!options_ended && !plain) {
            words.emplace_back("--");
            options_ended = true;
        }
        // Not the first of the item's words: `link|route` are no two names of one thing.
        words.push_back(text);
        any = true;
    }
    return words;
}

std::vector<std::string> queued_line(const MatchedLine& matched) {
    std::vector<std::string> words;
    for (const std::string& word : matched.form->clauses.queue) {
        const bool several = word.ends_with("...");
        const std::string bare = several ? word.substr(0, word.size() - 3) : word;
        if (is_type_name(bare)) {
            for (std::string& operand : operands_of(matched, bare)) words.push_back(std::move(operand));
        } else if (word.starts_with("[-")) {
            const std::size_t wanted = find_option(*matched.scope, word.substr(1, word.size() - 2));
            for (const GivenOption& given : matched.line.options)
                if (given.option == wanted) append_option(words, *matched.scope, given);
        } else
            words.push_back(word);
    }
    return words;
}

std::vector<std::string> covered_directories(const MatchedLine& matched) {
    const GuardClauses& clauses = matched.form->clauses;
    if (!clauses.uncovers_option.empty())
        for (const std::string& list : values_of(matched, clauses.uncovers_option))
            if ((',' + list + ',').find(',' + clauses.uncovers_word + ',') != std::string::npos) return {};
    return clauses.covers.empty() ? std::vector<std::string>{} : values_of(matched, clauses.covers);
}

bool reads_input(const MatchedLine& matched) {
    const GuardClauses& clauses = matched.form->clauses;
    if (!clauses.reads_input || clauses.input_with.empty()) return clauses.reads_input;
    const std::vector<std::string> values = values_of(matched, clauses.input_with);
    if (clauses.input_values.empty()) return !values.empty();
    return std::find_first_of(values.begin(), values.end(), clauses.input_values.begin(),
                              clauses.input_values.end()) != values.end();
}

model::ServiceMeaning meaning_of(const MatchedLine& matched) {
    const GuardClauses& clauses = matched.form->clauses;
    model::ServiceMeaning meaning{clauses.verb, {}};
    if (!clauses.verb_operands.empty())
        for (const std::string& name : operands_of(matched, clauses.verb_operands))
            meaning.units.push_back(model::full_unit_name(name));
    for (const std::string& name : clauses.verb_units) meaning.units.push_back(model::full_unit_name(name));
    return meaning;
}

} // namespace disco::policy
