#include "runner/sys/shown_words.hpp"

#include "runner/sys/printable.hpp"

#include <cstddef>

namespace disco::sys {

std::string shown_words(const std::vector<std::string>& argv) {
    constexpr std::size_t most = 1000, most_words = 200;
    const bool many = argv.size() > most_words;
    std::vector<std::string> words(argv.begin(), many ? argv.begin() + most_words : argv.end());
    bool cut = many;
    for (std::string& word : words)
        if (word.size() > most) word.resize(most); // with its quotes it is longer, and cut below
    std::string text = quote_words(words);
    if (text.size() > most) {
        // Not within a word: part of one may be part of a secret, which is masked later.
        text.resize(most);
        text.resize(text.find_last_of(' ') + 1);
        cut = true;
    } else if (cut) {
        text += ' ';
    }
    return printable_text(text) + (cut ? "…" : "");
}

} // namespace disco::sys
