#include "policy/guard_match.hpp"

#include "policy/guard_words.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::policy {
namespace {

std::string quoted(std::string_view word) { return fmt::format("'{}'", shown_text(word)); }

/// Which option a form needs that a line lacks; "" for none.
std::string missing_option(const GuardForm& form, const GuardScope& scope, const ParsedLine& line) {
    for (const auto& group : form.required) {
        const bool given = std::any_of(group.begin(), group.end(), [&](const OptionUse& use) {
            return std::any_of(line.options.begin(), line.options.end(),
                               [&](const GivenOption& each) { return each.option == use.option; });
        });
        if (given) continue;
        std::vector<std::string> names;
        for (const OptionUse& use : group) names.push_back(scope.options[use.option].name());
        return fmt::format("an option is missing: {}", fmt::join(names, " or "));
    }
    return {};
}

/// Why the options of a line do not go with a form; "" when they do.
std::string option_objection(const GuardForm& form, const GuardScope& scope, const ParsedLine& line) {
    for (const GivenOption& given : line.options) {
        if (given.option == std::string::npos) {
            if (form.allows_others) continue;
            return fmt::format("{} does not go with it", quoted(given.words[0]));
        }
        const auto use = allowed_use(form, scope, given.option);
        const std::string& name = scope.options[given.option].name();
        if (!use) return fmt::format("'{}' does not go with it", name);
        if (!use->values.empty() && !use->values.contains(given.value.value_or("")))
            return fmt::format("'{}' does not go with it but with {}", name, fmt::join(use->values, ", "));
    }
    return missing_option(form, scope, line);
}

/// With the items behind them that may be left out.
std::set<std::size_t> skips(const std::vector<GuardItem>& items, std::set<std::size_t> states) {
    for (std::size_t i = 0; i < items.size(); ++i)
        if (states.contains(i) && items[i].optional) states.insert(i + 1);
    return states;
}

struct FurthestMatch {
    std::size_t words = 0;                  ///< so many from the first on some beginning of the items fits
    std::vector<const GuardItem*> expected; ///< what could come behind them
};

FurthestMatch furthest(const std::vector<GuardItem>& items, const std::vector<GivenWord>& words) {
    std::set<std::size_t> states = skips(items, {0});
    FurthestMatch found;
    for (; found.words < words.size(); ++found.words) {
        std::set<std::size_t> next;
        for (const std::size_t i : states)
            if (i < items.size() && fits(items[i], words[found.words])) {
                next.insert(i + 1);
                if (items[i].repeated) next.insert(i);
            }
        if (next.empty()) break;
        states = skips(items, next);
    }
    for (const std::size_t i : states)
        if (i < items.size()) found.expected.push_back(&items[i]);
    return found;
}

/// Finds which item each word fits. fits_from[i][w]: the items from i on fit the words from w on.
class ItemMatcher {
public:
    ItemMatcher(const std::vector<GuardItem>& items, const std::vector<GivenWord>& words)
        : items_{items},
          words_{words},
          fits_from_(items.size() + 1, std::vector<bool>(words.size() + 1, false)) {
        fits_from_[items.size()][words.size()] = true;
        for (std::size_t i = items.size(); i-- > 0;)
            for (std::size_t w = words.size() + 1; w-- > 0;) fits_from_[i][w] = from(i, w);
    }

    bool matches() const { return fits_from_[0][0]; }

    /// The item of each word, by its index; as many words as possible go to the earlier item.
    std::vector<std::size_t> assignment() const {
        std::vector<std::size_t> of_words;
        std::size_t i = 0;
        while (of_words.size() < words_.size()) {
            const std::size_t w = of_words.size();
            const bool goes_on = items_[i].repeated && (fits_from_[i][w + 1] || fits_from_[i + 1][w + 1]);
            if (fits(items_[i], words_[w]) && (goes_on || fits_from_[i + 1][w + 1])) {
                of_words.push_back(i);
                if (!items_[i].repeated) ++i;
            } else
                ++i;
        }
        return of_words;
    }

private:
    bool from(std::size_t i, std::size_t w) const {
        const GuardItem& item = items_[i];
        if (item.optional && fits_from_[i + 1][w]) return true;
        if (w == words_.size() || !fits(item, words_[w])) return false;
        return fits_from_[i + 1][w + 1] || (item.repeated && fits_from_[i][w + 1]);
    }

    const std::vector<GuardItem>& items_;
    const std::vector<GivenWord>& words_;
    std::vector<std::vector<bool>> fits_from_;
};

std::string describe(const GuardItem& item) {
    if (item.type) return fmt::format("{} ({})", item.type->name(), item.type->description());
    return item.words[0];
}

/// What comes nearest to a command line that no form fits.
struct NearestForm {
    std::size_t words = 0; ///< so many of them fit
    bool any = false;
    std::vector<std::string> expected; ///< behind them
    std::string option;                ///< what is wrong with the options of a form that the words fit

    void look_at(const GuardForm& form, const GuardScope& scope, const ParsedLine& line) {
        const auto [length, items] = furthest(form.items, line.words);
        if (any && length < words) return;
        if (!any || length > words) {
            expected.clear();
            option.clear();
        }
        any = true;
        words = length;
        if (option.empty() && length == line.words.size() && ItemMatcher{form.items, line.words}.matches())
            option = option_objection(form, scope, line);
        for (const GuardItem* item : items) {
            std::string text = describe(*item);
            if (std::find(expected.begin(), expected.end(), text) == expected.end())
                expected.push_back(std::move(text));
        }
    }
};

/// Why no form of a scope fits. Forms that would need an option that was not given (`--help`) say nothing as
/// long as there are others.
std::string nearest_objection(const GuardScope& scope, const ParsedLine& line) {
    NearestForm nearest;
    for (const bool with_all_options : {true, false}) {
        if (nearest.any) break;
        for (const GuardForm& form : scope.forms)
            if (missing_option(form, scope, line).empty() == with_all_options)
                nearest.look_at(form, scope, line);
    }
    if (!nearest.option.empty()) return nearest.option;
    constexpr std::size_t most = 6;
    std::string list;
    if (!nearest.expected.empty() && nearest.expected.size() <= most)
        list = fmt::format("; {} could", fmt::join(nearest.expected, ", "));
    if (!nearest.any) return "there is no form of it";
    if (nearest.words == line.words.size()) return fmt::format("a word is missing at the end{}", list);
    return fmt::format("{} cannot stand where it stands{}", quoted(line.words[nearest.words].text), list);
}

void note_items(MatchedLine& matched) {
    for (std::size_t w = 0; w < matched.line.words.size(); ++w) {
        const GuardItem& item = matched.form->items[matched.items[w]];
        matched.notes[matched.line.words[w].index] =
            item.type ? fmt::format("{}: {}", item.type->name(), item.type->description()) : "this word";
    }
}

/// Most forms differ in their first word already.
bool begins_otherwise(const GuardForm& form, const ParsedLine& line) {
    return !form.items.empty() && !form.items[0].optional &&
           (line.words.empty() || !fits(form.items[0], line.words[0]));
}

void match_forms(MatchedLine& matched) {
    const GuardScope& scope = *matched.scope;
    for (const GuardForm& form : scope.forms) {
        if (begins_otherwise(form, matched.line) || !option_objection(form, scope, matched.line).empty())
            continue;
        const ItemMatcher matcher{form.items, matched.line.words};
        if (!matcher.matches()) continue;
        matched.form = &form;
        matched.items = matcher.assignment();
        note_items(matched);
        return; // no other one fits: check_overlaps()
    }
    matched.error = nearest_objection(scope, matched.line);
}

std::vector<GivenWord> words_of(const std::vector<std::string>& argv, bool joined) {
    std::vector<GivenWord> words;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (!joined || argv[i].empty()) {
            words.push_back({argv[i], WordPlace::operand, i});
            continue;
        }
        for (const std::string_view word : sys::split(argv[i], ' '))
            if (!word.empty()) words.push_back({std::string{word}, WordPlace::operand, i});
    }
    return words;
}

/// The sub-command that the words begin with; nothing: none.
const GuardScope* find_sub(const GuardGrammar& grammar, const std::vector<GivenWord>& words) {
    for (auto scope = std::next(grammar.scopes.begin()); scope != grammar.scopes.end(); ++scope) {
        const bool fits_all =
            scope->path.size() <= words.size() &&
            std::equal(scope->path.begin(), scope->path.end(), words.begin(),
                       [](const std::vector<std::string>& names, const GivenWord& word) {
                           return std::find(names.begin(), names.end(), word.text) != names.end();
                       });
        if (fits_all) return &*scope;
    }
    return nullptr;
}

} // namespace

bool fits(const GuardItem& item, const GivenWord& word) {
    if (item.type) return item.type->fits(word.text, word.place);
    return std::find(item.words.begin(), item.words.end(), word.text) != item.words.end();
}

std::optional<OptionUse> allowed_use(const GuardForm& form, const GuardScope& scope, std::size_t option) {
    if (form.forbidden.contains(option)) return std::nullopt;
    for (const auto& group : form.required)
        for (const OptionUse& use : group)
            if (use.option == option) return use;
    for (const OptionUse& use : form.allowed)
        if (use.option == option) return use;
    if (scope.options[option].everywhere) return OptionUse{option, {}};
    return std::nullopt;
}

MatchedLine match_line(const GuardGrammar& grammar, const std::vector<std::string>& argv) {
    MatchedLine matched;
    const GuardScope& own = grammar.scopes.front();
    matched.scope = &own;
    matched.line = parse_line(own, words_of(argv, own.joined));
    matched.notes = matched.line.notes;
    if (own.abbreviated_words && matched.line.error.empty()) lengthen_words(grammar, matched.line.words);
    const GuardScope* sub = matched.line.error.empty() ? find_sub(grammar, matched.line.words) : nullptr;
    if (sub != nullptr) {
        matched.scope = sub;
        matched.before_scope = &own;
        matched.before = std::move(matched.line);
        for (std::size_t i = 0; i < sub->path.size(); ++i)
            matched.notes[matched.before.words[i].index] = "this sub-command";
        std::vector<GivenWord> rest{
            std::next(matched.before.words.begin(), static_cast<std::ptrdiff_t>(sub->path.size())),
            matched.before.words.end()};
        for (GivenWord& word : rest) word.place = WordPlace::operand;
        matched.line = parse_line(*sub, rest);
        matched.notes.insert(matched.line.notes.begin(), matched.line.notes.end());
        for (const GivenOption& given : matched.before.options)
            if (given.option == std::string::npos || !own.options[given.option].everywhere)
                matched.error = "an option before the sub-command does not go with it";
    }
    if (!matched.error.empty()) return matched;
    if (!matched.line.error.empty())
        matched.error = matched.line.error;
    else
        match_forms(matched);
    return matched;
}

} // namespace disco::policy
