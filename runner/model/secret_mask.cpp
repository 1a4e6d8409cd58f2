#include "runner/model/secret_mask.hpp"

#include "runner/sys/printable.hpp"
#include "runner/sys/printable_line.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

namespace disco::model {
namespace {

std::size_t hash_of_begin(std::string_view at) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, at.data(), sizeof bytes);
    return (bytes * 2654435761U) >> 16U;
}

std::string_view within_quotes(std::string_view text) {
    for (const std::string_view opening : {"\"", "'", "$'"})
        if (text.size() > opening.size() && text.starts_with(opening) && text.ends_with(opening.back())) {
            text.remove_prefix(opening.size());
            text.remove_suffix(1);
            return text;
        }
    return text;
}

/// A text within its quotes, without what stands at its end.
std::string spelt(std::string_view text, std::string_view end) {
    text = within_quotes(text);
    end = within_quotes(end);
    if (text.ends_with(end)) text.remove_suffix(end.size());
    return std::string{text};
}

} // namespace

bool is_secret_name(std::string_view parameter) {
    return parameter == "secrets" || parameter.starts_with("secrets/");
}

bool SecretMask::can_mask(std::string_view value) {
    constexpr std::string_view white = " \t\r\v\f\n";
    if (sys::trimmed(value, white).empty()) return true;
    if (value.find('\0') != std::string_view::npos) return false;
    while (!value.empty())
        if (sys::trimmed(sys::take_line(value)).size() >= shortest) return true;
    return false;
}

void SecretMask::add(std::string_view value) {
    values_.emplace(value);
    while (!value.empty()) {
        const std::string_view line = sys::trimmed(sys::take_line(value));
        if (line.size() < shortest) continue;
        // By itself; in a text with a newline, and in one that is not UTF-8, whose bytes are spelt in another
        // way.
        for (const std::string_view rest : {"", "\n", "\xff"}) {
            const std::string text = std::string{line}.append(rest);
            add_spelling(spelt(sys::printable(text), sys::printable(rest)));
            const std::string quoted = spelt(sys::quote_words({text}), sys::quote_words({std::string{rest}}));
            add_spelling(quoted);
            add_spelling(sys::printable_text(quoted)); // as sys::shown_words has it
            const std::string shown = sys::printable_text(text);
            add_spelling(std::string_view{shown}.substr(0, shown.size() - sys::printable_text(rest).size()));
        }
        add_spelling(line);
    }
}

std::size_t SecretMask::count(std::string_view text) const {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (const std::size_t length = longest_at(text.substr(at)); length != 0) {
            ++count;
            at += length - 1;
        }
    return count;
}

bool SecretMask::hides_more(std::string_view other, std::string_view text) const {
    return !by_begin_.empty() && count(other) > count(text);
}

void SecretMask::add_spelling(std::string_view line) {
    if (line.size() < shortest) return;
    by_begin_[std::string{line.substr(0, shortest)}].emplace(line);
    begins_.set(hash_of_begin(line));
    longest_ = std::max(longest_, line.size());
}

/// Bytes of the longest spelling that begins there; 0: none does.
std::size_t SecretMask::longest_at(std::string_view at) const {
    if (at.size() < shortest || !begins_.test(hash_of_begin(at))) return 0;
    const auto found = by_begin_.find(std::string{at.substr(0, shortest)});
    if (found == by_begin_.end()) return 0;
    std::size_t longest = 0;
    for (const std::string& spelling : found->second)
        if (at.starts_with(spelling)) longest = std::max(longest, spelling.size());
    return longest;
}

std::string SecretMask::masked_content(std::string_view text) const {
    if (hides_all_ && !text.empty()) return std::string{in_place};
    if (by_begin_.empty() || text.find('\r') == std::string_view::npos) return masked(text);
    // A carriage return may put the pieces of a secret together where a line is shown as it is at its end.
    std::string result;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = sys::take_line(rest);
        const std::string shown = sys::line_at_its_end(line);
        result += hides_more(shown, line) ? masked(shown) : masked(line);
        if (!rest.empty() || text.ends_with('\n')) result += '\n';
    }
    return result;
}

std::vector<std::string> SecretMask::masked(const std::vector<std::string>& words) const {
    std::vector<std::string> result;
    result.reserve(words.size());
    for (const std::string& word : words) result.push_back(masked(word));
    return result;
}

std::string SecretMask::masked(std::string_view text) const {
    if (by_begin_.empty()) return std::string{text};
    std::string result;
    std::size_t shown = 0;  // what lies before is in the result
    std::size_t hidden = 0; // what lies before is part of a secret; two may overlap
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::size_t length = longest_at(text.substr(at));
        if (length == 0) continue;
        if (at > hidden || hidden == 0) {
            result += text.substr(shown, at - shown);
            result += in_place;
        }
        hidden = shown = std::max(hidden, at + length);
    }
    if (shown == 0) return std::string{text};
    result += text.substr(shown);
    return result;
}

/// Whether a secret may begin with all of this.
bool SecretMask::may_go_on(std::string_view end) const {
    const auto goes_on = [&](const std::string& spelling) {
        return spelling.size() > end.size() && std::string_view{spelling}.starts_with(end);
    };
    if (end.size() < shortest)
        return std::any_of(by_begin_.begin(), by_begin_.end(),
                           [&](const auto& entry) { return goes_on(entry.first); });
    if (!begins_.test(hash_of_begin(end))) return false;
    const auto found = by_begin_.find(std::string{end.substr(0, shortest)});
    return found != by_begin_.end() && std::any_of(found->second.begin(), found->second.end(), goes_on);
}

std::size_t SecretMask::settled(std::string_view text) const {
    std::size_t end = text.size() - std::min(text.size(), longest_);
    while (end < text.size() && !may_go_on(text.substr(end))) ++end;
    // Nor may one that is whole already be cut in two, nor one that overlaps with that.
    for (std::size_t at = end - std::min(end, longest_); at < end; ++at)
        if (at + longest_at(text.substr(at)) > end) {
            end = at;
            at = end - std::min(end, longest_) - 1; // from there again; the loop adds one
        }
    return end;
}

namespace {

/// What stands before the first secret of a line; nothing: it has none.
std::optional<std::string_view> before_secret(std::string_view line, std::string_view masked) {
    if (line == masked) return std::nullopt;
    const auto differ = std::mismatch(line.begin(), line.end(), masked.begin(), masked.end()).first;
    return line.substr(0, static_cast<std::size_t>(differ - line.begin()));
}

} // namespace

std::string SecretMask::masked_lines(const std::vector<std::string_view>& lines) const {
    std::vector<std::string_view> begins;
    for (const std::string_view line : lines)
        if (line.starts_with('+'))
            if (const auto begin = before_secret(line.substr(1), masked(line.substr(1))))
                begins.push_back(*begin);
    std::string result;
    for (const std::string_view line : lines) {
        const std::string_view text = line.substr(1);
        std::string shown = masked(text);
        const auto begin = std::find_if(begins.begin(), begins.end(),
                                        [&](std::string_view known) { return text.starts_with(known); });
        if (line.starts_with('-') && shown == text && begin != begins.end())
            shown = std::string{*begin}.append(in_place);
        result += line.front();
        result += shown;
        result += '\n';
    }
    return result;
}

std::string SecretMask::masked_diff(std::string_view diff) const {
    if (hides_all_) return {};
    if (masked(diff) == diff) return std::string{diff};
    std::string result;
    std::vector<std::string_view> changed; // lines that go and come, one after the other
    bool in_hunk = false;
    for (const std::string_view line : sys::lines_of(diff)) {
        in_hunk = in_hunk || line.starts_with("@@"); // before, there are the names of the files
        if (in_hunk && (line.starts_with('+') || line.starts_with('-'))) {
            changed.push_back(line);
            continue;
        }
        result += masked_lines(changed);
        changed.clear();
        result += masked(line);
        result += '\n';
    }
    result += masked_lines(changed);
    return result;
}

} // namespace disco::model
