#pragma once

#include <string>

// CLI11 takes a word in brackets for a list and splits it; one with a byte before it, it leaves alone.
namespace disco::cli {

inline constexpr char shielding = '\x01';

inline void shield(std::string& word) {
    if (word.starts_with('[') && word.ends_with(']')) word.insert(word.begin(), shielding);
}
inline void unshield(std::string& word) {
    if (word.starts_with(std::string{shielding} + '[')) word.erase(0, 1);
}

} // namespace disco::cli
