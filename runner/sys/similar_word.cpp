#include "runner/sys/similar_word.hpp"

#include <algorithm>
#include <cstddef>

namespace disco::sys {
namespace {

std::size_t distance(std::string_view a, std::string_view b) {
    // Rows of the table of prefixes: of a[0, i), a[0, i - 1) and a[0, i - 2) against each prefix of b.
    std::vector<std::size_t> row(b.size() + 1), before(b.size() + 1), before_that(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_that.swap(before);
        before.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] =
                std::min({before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_that[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace

std::optional<std::string> similar_word(std::string_view typed, const std::vector<std::string>& words) {
    constexpr std::size_t longest = 64; // longer ones are no slip of the finger
    if (typed.empty() || typed.size() > longest) return std::nullopt;
    std::optional<std::string> found;
    std::size_t least = typed.size() / 3 + 1; // a third of its letters may be wrong
    for (const std::string& word : words) {
        const std::size_t far = word.size() > longest ? longest : distance(typed, word);
        if (far >= least + (found ? 0 : 1) || far >= std::min(typed.size(), word.size())) continue;
        found = word;
        least = far;
    }
    if (found) return found;
    for (const std::string& word : words)
        if (word.starts_with(typed)) {
            if (found) return std::nullopt;
            found = word;
        }
    return found;
}

} // namespace disco::sys
