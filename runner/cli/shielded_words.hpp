#pragma once

#include <algorithm>
#include <string>

// CLI11 takes a word in brackets for a list and splits it, and a number with a minus for an option; one with
// a byte before it, it leaves alone.
namespace disco::cli {

inline constexpr char shielding = '\x01';

inline void shield(std::string& word) {
    if (word.starts_with('[') && word.ends_with(']')) word.insert(word.begin(), shielding);
}
/// "-1", the place of a run from the end.
inline void shield_place(std::string& word) {
    if (word.size() > 1 && word[0] == '-' &&
        std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= '0' && c <= '9'; }))
        word.insert(word.begin(), shielding);
}
inline void unshield(std::string& word) {
    if (word.starts_with(shielding) && (word.substr(1, 1) == "[" || word.substr(1, 1) == "-"))
        word.erase(0, 1);
}

} // namespace disco::cli
