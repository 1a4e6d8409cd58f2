#include "runner/sys/shown_words.hpp"

#include "runner/sys/printable.hpp"

#include <cstddef>

namespace disco::sys {

std::string shown_words(const std::vector<std::string>& argv) {
    constexpr std::size_t most = 1000, most_words = 200;
    const bool many = argv.size() > most_words;
    std::vector<std::string> words(argv.begin(), many ? argv.begin() + most_words : argv.end());
    bool cut = many;
    std::string text;
    for (const std::string& word : words) {
        // Whole words: part of one may be part of a secret that is masked later.
        const std::string quoted = word.size() > most ? std::string{} : quote_words({word});
        if (quoted.empty() || text.size() + quoted.size() > most) {
            cut = true;
            break;
        }
        if (!text.empty()) text += ' ';
        text += quoted;
    }
    return printable_text(text) + (!cut ? "" : text.empty() ? "…" : " …");
}

} // namespace disco::sys
