#include "runner/border/pending_answer.hpp"

#include <algorithm>
#include <iterator>

#include <sysexits.h>

#include <fmt/format.h>

namespace disco::border {

bool PendingQuestion::has(std::string_view word) const {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> PendingQuestion::values(std::string_view option) const {
    std::vector<std::string> found;
    for (auto word = words.begin(); word != words.end() && *word != "--"; ++word) {
        if (word->size() > option.size() && word->starts_with(option) && (*word)[option.size()] == '=')
            found.push_back(word->substr(option.size() + 1));
        else if (*word == option && std::next(word) != words.end())
            found.push_back(*std::next(word));
    }
    return found;
}

std::vector<std::string> PendingQuestion::operands() const {
    const auto end = std::find(words.begin(), words.end(), "--");
    if (end != words.end()) return {std::next(end), words.end()};
    std::vector<std::string> found;
    if (!words.empty())
        std::copy_if(std::next(words.begin()), words.end(), std::back_inserter(found),
                     [](const std::string& word) { return !word.starts_with('-'); });
    return found;
}

PendingAnswer cannot_be_known(std::string_view action, std::string_view hint) {
    return {EX_UNAVAILABLE, "", "",
            fmt::format(
                "it depends on '{}', which this run asked for and which is run after the merge: what it will "
                "make of it cannot be known now. Ask before it{}, ask in a check, which comes after the "
                "actions, or have what asks run after the merge, too (disco-defer)",
                action, hint)};
}

} // namespace disco::border
