#pragma once

#include "runner/report/recorded_change.hpp"
#include "runner/report/text_report.hpp"

#include <string>
#include <string_view>

namespace disco::report {

/// Colours for a terminal, or none.
class Paint {
public:
    explicit Paint(bool color) : color_{color} {}
    [[nodiscard]] std::string bold(std::string_view text) const { return wrapped("1", text); }
    [[nodiscard]] std::string red(std::string_view text) const { return wrapped("31", text); }
    [[nodiscard]] std::string green(std::string_view text) const { return wrapped("32", text); }
    [[nodiscard]] std::string yellow(std::string_view text) const { return wrapped("33", text); }
    [[nodiscard]] std::string cyan(std::string_view text) const { return wrapped("36", text); }

private:
    [[nodiscard]] std::string wrapped(const char* code, std::string_view text) const {
        std::string out;
        if (color_) out = std::string{"\033["} + code + "m";
        out += text;
        if (color_) out += "\033[0m";
        return out;
    }
    bool color_;
};

/// For who reads no other characters: "→" becomes "->", what has no such likeness an escape (\\303\\244).
/// Pure.
[[nodiscard]] std::string in_ascii(std::string_view text);

/// What became of the object, without its path and its diff: "4 B → 6 B, 0644 → 0600"; empty where the kind
/// of the change says all. Pure.
[[nodiscard]] std::string change_in_words(const RecordedChange& change);

/// One change as lines for people: what it is, then (as `detail` asks) its diff. Pure.
[[nodiscard]] std::string change_text(const RecordedChange& change, Detail detail, const Paint& paint);

} // namespace disco::report
