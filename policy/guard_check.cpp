#include "policy/guard_check.hpp"

#include "policy/guard_match.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace disco::policy {
namespace {

/// Some word fits both. True where that is uncertain.
bool overlap(const GuardItem& a, const GuardItem& b) {
    if (a.type && b.type) return !a.type->is_disjoint_from(*b.type);
    const GuardItem& plain = a.type ? b : a;
    const GuardItem& other = a.type ? a : b;
    return std::any_of(plain.words.begin(), plain.words.end(), [&](const std::string& word) {
        return fits(other, {word, WordPlace::no_option, 0});
    });
}

/// Some sequence of words fits both. Walks pairs of positions; what a repeated item needs at least once is
/// written as once, then any number of times.
bool overlap(std::vector<GuardItem> a, std::vector<GuardItem> b) {
    const auto spread = [](std::vector<GuardItem>& items) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (!items[i].repeated || items[i].optional) continue;
            GuardItem once = items[i];
            once.repeated = false;
            items[i].optional = true;
            items.insert(items.begin() + static_cast<std::ptrdiff_t>(i), std::move(once));
            ++i;
        }
    };
    spread(a);
    spread(b);
    std::set<std::pair<std::size_t, std::size_t>> seen;
    std::vector<std::pair<std::size_t, std::size_t>> open = {{0, 0}};
    while (!open.empty()) {
        const auto [i, j] = open.back();
        open.pop_back();
        if (!seen.emplace(i, j).second) continue;
        if (i == a.size() && j == b.size()) return true;
        if (i < a.size() && a[i].optional) open.emplace_back(i + 1, j);
        if (j < b.size() && b[j].optional) open.emplace_back(i, j + 1);
        if (i == a.size() || j == b.size() || !overlap(a[i], b[j])) continue;
        for (const std::size_t next_i : {a[i].repeated ? i : i + 1, i + 1})
            for (const std::size_t next_j : {b[j].repeated ? j : j + 1, j + 1})
                open.emplace_back(next_i, next_j);
    }
    return false;
}

/// What `form` requires can be given where `other` is to fit, too.
bool allows_required(const GuardScope& scope, const GuardForm& form, const GuardForm& other) {
    return std::all_of(form.required.begin(), form.required.end(), [&](const std::vector<OptionUse>& group) {
        return std::any_of(group.begin(), group.end(), [&](const OptionUse& use) {
            const auto also = allowed_use(other, scope, use.option);
            if (!also) return false;
            return use.values.empty() || also->values.empty() ||
                   std::any_of(use.values.begin(), use.values.end(),
                               [&](const std::string& value) { return also->values.contains(value); });
        });
    });
}

std::vector<GuardItem> items_of(const std::vector<std::vector<std::string>>& path) {
    std::vector<GuardItem> items;
    for (const auto& names : path) items.push_back({names, {}, false, false});
    return items;
}

/// Followed by anything.
std::vector<GuardItem> with_rest(std::vector<GuardItem> items) {
    items.push_back({{}, *WordType::built_in("ANY"), true, true});
    return items;
}

std::string describe(const std::string& name, const GuardForm& form) {
    return fmt::format("'{} {}{}{}'", to_string(form.kind), name, form.text.empty() ? "" : " ", form.text);
}

bool overlap(const GuardScope& scope, const GuardForm& a, const GuardForm& b) {
    // Most forms differ in their first word already.
    const auto begins = [](const GuardForm& form) { return !form.items.empty() && !form.items[0].optional; };
    if (begins(a) && begins(b) && !overlap(a.items[0], b.items[0])) return false;
    return allows_required(scope, a, b) && allows_required(scope, b, a) && overlap(a.items, b.items);
}

bool begins_like(const GuardForm& form, const GuardScope& sub) {
    return overlap(with_rest(items_of(sub.path)), form.items);
}

std::string overlap_objection(const std::string& name, const GuardForm& a, const GuardForm& b) {
    return fmt::format("{}: {} overlaps {} at {}: one command line fits both", b.place, describe(name, b),
                       describe(name, a), a.place);
}

} // namespace

bool is_last_form_apart(const GuardGrammar& grammar, std::size_t scope) {
    const GuardScope& of = grammar.scopes[scope];
    const GuardForm& last = of.forms.back();
    return std::none_of(of.forms.begin(), std::prev(of.forms.end()),
                        [&](const GuardForm& other) { return overlap(of, other, last); }) &&
           (scope != 0 || std::none_of(std::next(grammar.scopes.begin()), grammar.scopes.end(),
                                       [&](const GuardScope& sub) { return begins_like(last, sub); }));
}

std::vector<std::string> grammar_objections(const std::string& name, const GuardGrammar& grammar) {
    std::vector<std::string> objections;
    const GuardScope& own = grammar.scopes.front();
    const bool has_subs = grammar.scopes.size() > 1;
    if (has_subs && own.options_stand != GuardScope::Options::first)
        objections.push_back(
            fmt::format("{}: a command with 'sub' needs 'options first' before the first one", own.place));
    for (auto a = std::next(grammar.scopes.begin()); a != grammar.scopes.end(); ++a) {
        for (auto b = std::next(a); b != grammar.scopes.end(); ++b)
            if (overlap(with_rest(items_of(a->path)), with_rest(items_of(b->path))))
                objections.push_back(
                    fmt::format("{}: the sub-command begins like that of {}", b->place, a->place));
        for (const GuardForm& form : own.forms)
            if (begins_like(form, *a))
                objections.push_back(fmt::format("{}: {} begins like the sub-command of {}", form.place,
                                                 describe(name, form), a->place));
    }
    for (const GuardScope& scope : grammar.scopes) {
        if (!scope.ordered && (scope.others || !scope.prefix.empty()))
            objections.push_back(fmt::format("{}: 'others' and 'prefix' need 'ordered'", scope.place));
        for (const GuardOption& option : scope.options) {
            if (option.takes_words && !scope.ordered)
                objections.push_back(
                    fmt::format("{}: an option that takes words needs 'ordered'", option.place));
            for (const std::string& each : option.names)
                if (!scope.long_single && !option.is_typed && each.size() > 2 && each[1] != '-')
                    objections.push_back(
                        fmt::format("{}: '{}' is a long option of one dash, which needs 'long "
                                    "single'",
                                    option.place, each));
        }
        for (auto a = scope.forms.begin(); a != scope.forms.end(); ++a)
            for (auto b = std::next(a); b != scope.forms.end(); ++b)
                if (overlap(scope, *a, *b)) objections.push_back(overlap_objection(name, *a, *b));
    }
    return objections;
}

} // namespace disco::policy
