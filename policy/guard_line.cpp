#include "policy/guard_line.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace disco::policy {
namespace {

constexpr std::size_t none = std::string::npos;

bool begins_option(std::string_view word) { return word.size() > 1 && word[0] == '-'; }

class LineParser {
public:
    LineParser(const GuardScope& scope, const std::vector<GivenWord>& words) : scope_{scope}, words_{words} {}

    ParsedLine parse() {
        bool ended = scope_.options_stand == GuardScope::Options::none;
        for (; at_ < words_.size(); ++at_) {
            const std::string& text = words_[at_].text;
            if (!ended && words_[at_].place == WordPlace::no_option) ended = true;
            if (ended) {
                take_word(WordPlace::no_option);
            } else if (text == "--" && scope_.has_end) {
                note("the end of the options");
                ended = true;
            } else if (!scope_.prefix.empty() && text == scope_.prefix) {
                if (prefixed_) fail(at_, fmt::format("'{}' stands twice", text));
                note("goes with the next option");
                prefixed_ = true;
            } else if (begins_option(text)) {
                take_option(text);
                prefixed_ = false;
            } else {
                take_word(WordPlace::operand);
                if (scope_.options_stand == GuardScope::Options::first) ended = true;
            }
        }
        if (prefixed_) fail(words_.size(), fmt::format("no option stands behind '{}'", scope_.prefix));
        return std::move(line_);
    }

private:
    void note(std::string text) { line_.notes[words_[at_].index] = std::move(text); }

    void fail(std::size_t at, std::string why) {
        if (!line_.error.empty()) return; // the first one is reported
        line_.error = std::move(why);
        line_.error_index = at < words_.size() ? words_[at].index : none;
    }

    void take_word(WordPlace place) {
        if (prefixed_) fail(at_, fmt::format("'{}' goes with no option here", scope_.prefix));
        line_.words.push_back({words_[at_].text, place, words_[at_].index});
    }

    void unknown(const std::string& shown) {
        fail(at_, fmt::format("it has no option '{}'", shown_text(shown)));
        note("an option that is not known");
    }

    void take_option(const std::string& text) {
        if (take_typed(text)) return;
        if (scope_.long_single)
            take_single(text);
        else if (text.starts_with("--"))
            take_long(text);
        else
            take_cluster(text);
    }

    bool take_typed(const std::string& text) {
        for (std::size_t i = 0; i < scope_.options.size(); ++i) {
            const GuardOption& option = scope_.options[i];
            if (!option.is_typed || !option.type->fits(std::string_view{text}.substr(1), WordPlace::operand))
                continue;
            line_.options.push_back({i, {}, {}, prefixed_, text.substr(1)});
            note(fmt::format("option -{}", option.type->name()));
            return true;
        }
        return false;
    }

    /// The options of which `name` is a name, or the only one of which it is the beginning of one.
    std::size_t find_long(std::string_view name, bool any_dashes) {
        const auto bare = [&](std::string_view each) {
            if (any_dashes) each.remove_prefix(std::min(each.find_first_not_of('-'), each.size()));
            return each;
        };
        std::size_t begun = none;
        bool ambiguous = false;
        for (std::size_t i = 0; i < scope_.options.size(); ++i)
            for (const std::string& each : scope_.options[i].names) {
                if (!any_dashes && !each.starts_with("--")) continue;
                if (bare(each) == name) return i;
                if (!bare(each).starts_with(name)) continue;
                ambiguous = ambiguous || (begun != none && begun != i);
                begun = i;
            }
        // Where other options exist, a cut one could be either; it is taken for the one that has a grammar.
        return scope_.abbreviated_options && !ambiguous ? begun : none;
    }

    bool begins_known(std::string_view name) const {
        return std::any_of(scope_.options.begin(), scope_.options.end(), [&](const GuardOption& option) {
            return std::any_of(option.names.begin(), option.names.end(),
                               [&](const std::string& each) { return each.starts_with(name); });
        });
    }

    void take_single(const std::string& text) {
        const std::string_view bare = std::string_view{text}.substr(text.starts_with("--") ? 2 : 1);
        const std::size_t sign = bare.find('=');
        const std::size_t found = bare.empty() ? none : find_long(bare.substr(0, sign), true);
        if (found == none) return unknown(text);
        const GuardOption& option = scope_.options[found];
        const bool attached = sign != bare.npos;
        if (attached && option.value != GuardOption::Value::optional) return unknown(text);
        give(found, attached ? std::optional{std::string{bare.substr(sign + 1)}} : std::nullopt);
    }

    void take_long(const std::string& text) {
        const std::size_t sign = text.find('=');
        const std::string name = text.substr(0, sign);
        const std::size_t found = name.size() > 2 ? find_long(name, false) : none;
        if (found == none && scope_.others && !begins_known(name)) return take_other(text);
        if (found == none) return unknown(text);
        if (sign != text.npos && scope_.options[found].value == GuardOption::Value::none)
            return fail(at_, fmt::format("'{}' has no value", shown_text(name)));
        give(found, sign != text.npos ? std::optional{text.substr(sign + 1)} : std::nullopt);
    }

    void take_cluster(const std::string& text) {
        for (std::size_t i = 1; i < text.size(); ++i) {
            const char name[] = {'-', text[i], 0};
            std::size_t found = none;
            for (std::size_t each = 0; each < scope_.options.size() && found == none; ++each)
                for (const std::string& spelling : scope_.options[each].names)
                    if (!scope_.options[each].is_typed && spelling == name) found = each;
            if (found == none) {
                unknown(text.size() == 2 || static_cast<unsigned char>(text[i]) >= 0x80 ? text : name);
                return;
            }
            const GuardOption::Value value = scope_.options[found].value;
            const std::string rest = text.substr(i + 1);
            const bool takes_rest = value != GuardOption::Value::none && !rest.empty();
            give(found, takes_rest ? std::optional{rest} : std::nullopt);
            if (takes_rest) return;
        }
    }

    /// An option, its value as far as it stands in the same word; a needed one may be the next word.
    void give(std::size_t found, std::optional<std::string> value) {
        const GuardOption& option = scope_.options[found];
        const std::size_t own = at_;
        if (!value && option.value == GuardOption::Value::required) {
            if (at_ + 1 == words_.size())
                return fail(at_, fmt::format("the value of '{}' is missing", option.name()));
            value = words_[++at_].text;
            note(fmt::format("the value of {}: {}", option.name(), option.type->name()));
        }
        if (!value && option.value == GuardOption::Value::optional_next && at_ + 1 < words_.size() &&
            words_[at_ + 1].text != scope_.prefix &&
            option.type->fits(words_[at_ + 1].text, WordPlace::value)) {
            value = words_[++at_].text;
            note(fmt::format("the value of {}: {}", option.name(), option.type->name()));
        }
        if (value && !option.type->fits(*value, WordPlace::value))
            fail(at_, fmt::format("'{}' is no value of '{}', which is {} ({})", shown_text(*value),
                                  option.name(), option.type->name(), option.type->description()));
        std::string& description = line_.notes[words_[own].index];
        description += fmt::format("{}option {}", description.empty() ? "" : ", ", option.name());
        if (value && own == at_)
            description += fmt::format(" with the value '{}': {}", shown_text(*value), option.type->name());
        line_.options.push_back({found, std::move(value), {}, prefixed_, {}});
        if (option.takes_words) take_words(option);
    }

    bool goes_with_option() const {
        if (at_ + 1 == words_.size()) return false;
        const std::string& next = words_[at_ + 1].text;
        return !begins_option(next) && (scope_.prefix.empty() || next != scope_.prefix);
    }

    /// The words up to the next option, and before them the value that stood in its own word.
    void take_words(const GuardOption& option) {
        GivenOption& given = line_.options.back();
        if (given.value) given.words.push_back(*std::exchange(given.value, std::nullopt));
        while (goes_with_option()) {
            ++at_;
            if (!option.type->fits(words_[at_].text, WordPlace::operand))
                fail(at_, fmt::format("'{}' behind '{}' is no {} ({})", shown_text(words_[at_].text),
                                      option.name(), option.type->name(), option.type->description()));
            note(fmt::format("goes with {}", option.name()));
            given.words.push_back(words_[at_].text);
        }
    }

    void take_other(const std::string& text) {
        const std::string_view name = std::string_view{text}.substr(2, text.find('=') - 2);
        const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                   c == '_';
        });
        if (!plain) return unknown(text);
        GivenOption other{none, {}, {text}, prefixed_, {}};
        if (const std::size_t sign = text.find('=');
            sign != text.npos && !scope_.others->fits(text.substr(sign + 1), WordPlace::operand))
            return unknown(text);
        note("another option");
        while (at_ + 1 < words_.size() && !begins_option(words_[at_ + 1].text) &&
               words_[at_ + 1].text != scope_.prefix) {
            ++at_;
            if (!scope_.others->fits(words_[at_].text, WordPlace::operand))
                fail(at_, fmt::format("'{}' behind '{}' is no {} ({})", shown_text(words_[at_].text),
                                      other.words[0], scope_.others->name(), scope_.others->description()));
            note(fmt::format("goes with {}", other.words[0]));
            other.words.push_back(words_[at_].text);
        }
        line_.options.push_back(std::move(other));
    }

    const GuardScope& scope_;
    const std::vector<GivenWord>& words_;
    std::size_t at_ = 0;
    bool prefixed_ = false;
    ParsedLine line_;
};

} // namespace

ParsedLine parse_line(const GuardScope& scope, const std::vector<GivenWord>& words) {
    return LineParser{scope, words}.parse();
}

} // namespace disco::policy
