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
        if (word.size() > most) {
            word.resize(most);
            cut = true;
        }
    std::string text = quote_words(words);
    if (text.size() > most) {
        text.resize(most);
        cut = true;
    }
    return printable_text(text) + (cut ? "…" : "");
}

} // namespace disco::sys
