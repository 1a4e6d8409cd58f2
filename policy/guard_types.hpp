#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace disco::policy {

/// Where a word stands. What begins with a dash is an option there unless something said otherwise.
enum class WordPlace {
    operand,   ///< among options: it does not begin with a dash, or is "-" itself
    no_option, ///< behind `--`, or where there are no options (any more)
    value,     ///< of an option
};

/// What words may be operands or values. A copyable value; the built-in ones live as long as the program.
class WordType {
public:
    /// UNIT, PATH, …; nothing when there is none of this name.
    [[nodiscard]] static const WordType* built_in(std::string_view name);
    /// One of a grammar's own: a list of words.
    WordType(std::string name, std::set<std::string, std::less<>> words);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool fits(std::string_view word, WordPlace place) const;
    /// What it matches, for a message.
    [[nodiscard]] std::string description() const;
    /// No word fits both. False where that is uncertain.
    [[nodiscard]] bool is_disjoint_from(const WordType& other) const;

    struct Rule;

private:
    explicit WordType(const Rule& rule);

    std::string name_;
    std::set<std::string, std::less<>> words_; ///< of a list
    const Rule* rule_ = nullptr;               ///< of a built-in one
};

/// The name of a type: two or more capital letters and digits, a letter first.
[[nodiscard]] bool is_type_name(std::string_view word);

/// A text for a message, safe for a terminal, and cut after `most` bytes: nobody reads a long one to its end.
[[nodiscard]] std::string shown_text(std::string_view text, std::size_t most = 80);

} // namespace disco::policy
