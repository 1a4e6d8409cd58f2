#include "policy/guard_types.hpp"

#include "runner/sys/printable.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::policy {

/// How a built-in type looks. `signs` are the bytes it may have besides letters and digits.
struct WordType::Rule {
    const char* name;
    const char* signs;
    const char* must_have; ///< one of these bytes is in every word; "": nothing is needed
    enum Letters { none, digits, letters, both, printable, anything } bytes;
    bool dash_in_value;   ///< a value may begin with a dash
    bool dash_in_operand; ///< so may an operand, where it is no option
    bool (*also)(std::string_view);
    const char* description;
};

namespace {

using Rule = WordType::Rule;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char c) { return is_digit(c) || is_letter(c); }

bool all_digits(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
}
bool absolute(std::string_view word) { return word.starts_with('/'); }
bool without_dots(std::string_view word) { return word.find("..") == word.npos; }
bool begins_as_name(std::string_view word) { return is_alnum(word[0]) || word[0] == '_'; }
bool is_file_name(std::string_view word) { return word != "." && word != ".."; }
bool is_signed(std::string_view word) {
    if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
    return all_digits(word);
}
bool is_pid(std::string_view word) {
    if (word.starts_with('-')) word.remove_prefix(1);
    return all_digits(word);
}
bool is_size(std::string_view word) {
    return std::any_of(word.begin(), word.end(), is_digit) && (is_digit(word[0]) || !is_letter(word[0]));
}
bool is_unit(std::string_view word) {
    return !word.starts_with('-') || word == "-.mount" || word == "-.slice";
}
bool is_unit_file(std::string_view word) {
    return absolute(word) || (is_unit(word) && word.find('/') == word.npos);
}
bool is_interface(std::string_view word) { return word.size() <= 31; }
bool is_mode(std::string_view word) {
    const auto octal = [](char c) { return c >= '0' && c <= '7'; };
    return std::all_of(word.begin(), word.end(), octal) || word.find_first_of("+-=") != word.npos;
}
bool is_device(std::string_view word) {
    if (absolute(word)) return true;
    constexpr std::array<std::string_view, 4> tags = {"LABEL=", "UUID=", "PARTLABEL=", "PARTUUID="};
    return std::any_of(tags.begin(), tags.end(), [&](std::string_view tag) {
        return word.starts_with(tag) && word.size() > tag.size();
    });
}
bool is_signal(std::string_view word) {
    if (all_digits(word)) return word.size() <= 3;
    if (word.starts_with("SIG")) word.remove_prefix(3);
    if (word.starts_with("RTMIN") || word.starts_with("RTMAX")) {
        word.remove_prefix(5);
        return word.empty() || (word.size() > 1 && all_digits(word.substr(1)));
    }
    constexpr std::array<std::string_view, 34> names = {
        "HUP",  "INT",  "QUIT",   "ILL",  "TRAP", "ABRT", "IOT",  "BUS",  "FPE",    "KILL", "USR1", "SEGV",
        "USR2", "PIPE", "ALRM",   "TERM", "CHLD", "CLD",  "CONT", "STOP", "TSTP",   "TTIN", "TTOU", "URG",
        "XCPU", "XFSZ", "VTALRM", "PROF", "IO",   "POLL", "PWR",  "SYS",  "STKFLT", "WINCH"};
    return std::find(names.begin(), names.end(), word) != names.end();
}
bool is_assignment(std::string_view word) {
    const std::string_view key = word.substr(0, word.find('='));
    return !key.empty() && without_dots(key) && std::all_of(key.begin(), key.end(), [](char c) {
        return is_alnum(c) || std::string_view{"_.:/@*-"}.find(c) != std::string_view::npos;
    });
}
bool is_url(std::string_view word) {
    const std::size_t end = word.find("://");
    return end != word.npos && end > 0 &&
           std::all_of(word.begin(), word.begin() + static_cast<long>(end), is_alnum);
}

constexpr std::array rules = {
    Rule{"UNIT", ":_.@\\-", "", Rule::both, false, true, is_unit,
         "the name of a unit: letters, digits, :_.@\\-"},
    Rule{"UNITGLOB", ":_.@\\-*?[]!", "", Rule::both, false, true, is_unit,
         "the name of a unit or a pattern: letters, digits, :_.@\\-*?[]!"},
    Rule{"UNITFILE", ":_.@\\-/", "", Rule::both, false, true, is_unit_file,
         "the name of a unit or its absolute path: letters, digits, :_.@\\-/"},
    Rule{"SERVICE", "_.+@-", "", Rule::both, false, false, is_file_name,
         "the name of a service: letters, digits, _.+@-"},
    Rule{"NAME", "_.+:@-", "", Rule::both, false, false, begins_as_name,
         "a name: letters, digits, _.+:@-, with a letter, a digit or _ first"},
    Rule{"GLOB", "_.,:/@%+=~^-*?[]!", "", Rule::both, false, false, nullptr,
         "a word or a pattern: letters, digits, _.,:/@%+=~^-*?[]!"},
    Rule{"LIST", "_.,:+@-", "", Rule::both, false, false, nullptr,
         "names with commas: letters, digits, _.,:+@-"},
    Rule{"WORD", "_.,:/@%+=~^-", "", Rule::both, false, false, nullptr,
         "a word: letters, digits, _.,:/@%+=~^-"},
    Rule{"LETTERS", "", "", Rule::letters, false, false, nullptr, "letters"},
    Rule{"INTERFACE", "_.:@-", "", Rule::both, false, false, is_interface,
         "the name of a network interface: letters, digits, _.:@-"},
    Rule{"ADDRESS", ".:/%", "", Rule::both, false, false, nullptr, "an address: letters, digits, .:/%"},
    Rule{"HOST", ".:-", "", Rule::both, false, false, nullptr, "the name of a host: letters, digits, .:-"},
    Rule{"PATH", "", "", Rule::printable, false, false, nullptr, "a path"},
    Rule{"ABSPATH", "", "/", Rule::printable, false, false, absolute, "an absolute path"},
    Rule{"DEVICE", "", "/=", Rule::printable, false, false, is_device,
         "an absolute path, LABEL=, UUID=, PARTLABEL= or PARTUUID="},
    Rule{"NUMBER", "", "", Rule::digits, false, false, nullptr, "a number"},
    Rule{"INTEGER", "+-", "", Rule::digits, true, true, is_signed, "a number, with a sign or without"},
    Rule{"SIZE", "+-.%", "", Rule::both, true, false, is_size, "a size: sign, number, unit"},
    Rule{"MODE", "+-=,", "", Rule::both, false, false, is_mode, "a mode: octal digits, or as u=rw,g+x"},
    Rule{"PID", "-", "", Rule::digits, false, true, is_pid, "the number of a process"},
    Rule{"SIGNAL", "+-", "", Rule::both, false, false, is_signal, "a signal: a number or a name"},
    Rule{"KEY", "_.:/@*-", "", Rule::both, false, false, without_dots,
         "a key: letters, digits, _.:/@*-, without '..'"},
    Rule{"ASSIGN", "", "=", Rule::printable, false, false, is_assignment, "KEY=VALUE"},
    Rule{"MODULE", "_-", "", Rule::both, false, false, nullptr,
         "the name of a kernel module: letters, digits, _-"},
    Rule{"URL", "_.,:/@%+=~&?#-", ":", Rule::both, false, false, is_url, "a URL"},
    Rule{"TIME", ":+.@ -", "", Rule::both, true, false, nullptr, "a time: letters, digits, blanks, :+.@-"},
    Rule{"TEXT", "", "", Rule::printable, true, false, nullptr, "a text without control characters"},
    Rule{"ANY", "", "", Rule::anything, true, true, nullptr, "any word"},
};

bool may_have(const Rule& rule, char c) {
    if (std::string_view{rule.signs}.find(c) != std::string_view::npos) return true;
    switch (rule.bytes) {
    case Rule::none: return false;
    case Rule::digits: return is_digit(c);
    case Rule::letters: return is_letter(c);
    case Rule::both: return is_alnum(c);
    case Rule::printable: return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    case Rule::anything: return true;
    }
    return false; // not reached: -Wswitch guards the list
}

/// Every word of the one has a byte that no word of the other has.
bool needs_what_lacks(const Rule& needs, const Rule& lacks) {
    const std::string_view must = needs.must_have;
    return !must.empty() &&
           std::none_of(must.begin(), must.end(), [&](char c) { return may_have(lacks, c); });
}

} // namespace

WordType::WordType(const Rule& rule) : name_{rule.name}, rule_{&rule} {}

WordType::WordType(std::string name, std::set<std::string, std::less<>> words)
    : name_{std::move(name)}, words_{std::move(words)} {}

const WordType* WordType::built_in(std::string_view name) {
    static const std::vector<WordType> types = [] {
        std::vector<WordType> all;
        for (const Rule& rule : rules) all.push_back(WordType{rule});
        return all;
    }();
    const auto found =
        std::find_if(types.begin(), types.end(), [&](const WordType& type) { return type.name() == name; });
    return found == types.end() ? nullptr : &*found;
}

bool WordType::fits(std::string_view word, WordPlace place) const {
    if (rule_ == nullptr) return words_.contains(word);
    if (rule_->bytes == Rule::anything)
        return place != WordPlace::operand || !word.starts_with('-') || word == "-";
    if (word.empty()) return false;
    if (word.starts_with('-') && word != "-") {
        if (place == WordPlace::operand) return false;
        if (place == WordPlace::value ? !rule_->dash_in_value : !rule_->dash_in_operand) return false;
    }
    if (word == "-") return rule_->bytes == Rule::printable && rule_->also == nullptr; // standard input
    const std::string_view must = rule_->must_have;
    return (must.empty() || word.find_first_of(must) != word.npos) &&
           std::all_of(word.begin(), word.end(), [&](char c) { return may_have(*rule_, c); }) &&
           (rule_->also == nullptr || rule_->also(word));
}

std::string WordType::description() const {
    if (rule_ != nullptr) return rule_->description;
    return fmt::format("one of {}", fmt::join(words_, ", "));
}

bool WordType::is_disjoint_from(const WordType& other) const {
    const auto none_fits = [](const WordType& list, const WordType& type) {
        return std::none_of(list.words_.begin(), list.words_.end(),
                            [&](const std::string& word) { return type.fits(word, WordPlace::no_option); });
    };
    if (rule_ == nullptr) return none_fits(*this, other);
    if (other.rule_ == nullptr) return none_fits(other, *this);
    return needs_what_lacks(*rule_, *other.rule_) || needs_what_lacks(*other.rule_, *rule_);
}

std::string shown_text(std::string_view text, std::size_t most) {
    std::string shown = sys::printable(text.substr(0, 2 * most)); // of a long text, no more than is shown
    if (shown.size() <= most && text.size() <= 2 * most) return shown;
    std::size_t end = std::min(most, shown.size());
    while (end > 0 && end < shown.size() && (static_cast<unsigned char>(shown[end]) & 0xc0) == 0x80)
        --end; // inside a character
    return shown.substr(0, end) + "…";
}

bool is_type_name(std::string_view word) {
    return word.size() > 1 && word[0] >= 'A' && word[0] <= 'Z' &&
           std::all_of(word.begin(), word.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c); });
}

} // namespace disco::policy
