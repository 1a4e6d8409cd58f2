#include "runner/overlay/unified_hunk.hpp"

#include <algorithm>
#include <span>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

/// With their newlines, which the last one may lack.
using Lines = std::vector<std::string_view>;
using SomeLines = std::span<const std::string_view>;

Lines lines_of(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

void append(std::string& out, SomeLines lines, char sign) {
    for (const std::string_view line : lines) {
        out += sign;
        out += line;
        if (line.back() != '\n') out += "\n\\ No newline at end of file\n";
    }
}

/// `before` lines come before those that are meant.
std::string range(std::size_t before, std::size_t count) {
    if (count == 1) return fmt::format("{}", before + 1);
    return fmt::format("{},{}", count == 0 ? before : before + 1, count);
}

bool have_one_in_common(SomeLines a, SomeLines b) {
    const std::unordered_set<std::string_view> known{a.begin(), a.end()};
    return std::any_of(b.begin(), b.end(), [&](std::string_view line) { return known.contains(line); });
}

} // namespace

std::string whole_hunk(std::string_view before, std::string_view after) {
    if (before.empty() && after.empty()) return {};
    const Lines removed = lines_of(before), added = lines_of(after);
    std::string text = fmt::format("@@ -{} +{} @@\n", range(0, removed.size()), range(0, added.size()));
    append(text, removed, '-');
    append(text, added, '+');
    return text;
}

std::optional<std::string> single_hunk(std::string_view before, std::string_view after) {
    const Lines all_before = lines_of(before), all_after = lines_of(after);
    const SomeLines a{all_before}, b{all_after};
    const std::size_t shorter = std::min(a.size(), b.size());
    std::size_t first = 0, last = 0; // equal lines at the beginning and at the end
    while (first < shorter && a[first] == b[first]) ++first;
    while (last < shorter - first && a[a.size() - 1 - last] == b[b.size() - 1 - last]) ++last;
    const SomeLines removed = a.subspan(first, a.size() - first - last);
    const SomeLines added = b.subspan(first, b.size() - first - last);
    if (removed.empty() && added.empty()) return std::nullopt;
    if (have_one_in_common(removed, added)) return std::nullopt;
    constexpr std::size_t around = 3;
    const std::size_t above = std::min(first, around), below = std::min(last, around);
    std::string text = fmt::format("@@ -{} +{} @@\n", range(first - above, above + removed.size() + below),
                                   range(first - above, above + added.size() + below));
    append(text, a.subspan(first - above, above), ' ');
    append(text, removed, '-');
    append(text, added, '+');
    append(text, a.subspan(a.size() - last, below), ' ');
    return text;
}

} // namespace disco::overlay
