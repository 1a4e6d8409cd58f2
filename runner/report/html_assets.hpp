#pragma once

#include <string_view>

// The files in runner/report/html, as the build puts them into the program.
namespace disco::report {

[[nodiscard]] std::string_view report_style();
[[nodiscard]] std::string_view report_script();

} // namespace disco::report
