#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace disco::report {

/// Text of this program's source: nothing else can become markup by mistake.
class Markup {
public:
    consteval Markup(const char* literal) : text_{literal} {} // NOLINT(google-explicit-constructor)
    [[nodiscard]] constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

/// HTML in pieces. What is no Markup is escaped: it is text, or the value of an attribute in double quotes,
/// whatever bytes it has. Control characters, what turns the direction of text, and bytes that are not UTF-8
/// are escaped as on a terminal.
class HtmlWriter {
public:
    explicit HtmlWriter(const std::function<void(std::string_view)>& write) : write_{write} {}

    HtmlWriter& markup(const Markup& markup);
    /// Several lines, as sys::printable_text shows them.
    HtmlWriter& text(std::string_view bytes);
    /// One line, as sys::printable_line shows it.
    HtmlWriter& line(std::string_view bytes);
    /// The name of a file or a step, as sys::printable shows it.
    HtmlWriter& name(std::string_view bytes);
    HtmlWriter& number(std::size_t number);
    /// A style or a script of this program (html_assets.hpp): not escaped.
    HtmlWriter& asset(std::string_view text);
    /// Passes on what is left.
    void finish();

private:
    HtmlWriter& escaped(std::string_view text);
    void pass_on();
    const std::function<void(std::string_view)>& write_;
    std::string pending_; ///< few, large pieces
};

} // namespace disco::report
