#pragma once

#include "runner/report/html_writer.hpp"

#include <functional>

// What every page has: its style and script, which are its own, and a policy that forbids the browser
// everything else.
namespace disco::report {

/// From the doctype to the beginning of the body; `title` writes the text of the title.
void begin_page(HtmlWriter& html, const std::function<void()>& title);
/// The script, and the end.
void end_page(HtmlWriter& html);

} // namespace disco::report
