#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <functional>
#include <string_view>

namespace disco::report {

/// Writes the report as one HTML page that needs nothing besides: no network, no other file, no script to be
/// read. Streaming: memory does not grow with the number of changes (but for 8 bytes each). `write` gets the
/// pieces in order.
void write_html_report(const model::RunReport& run, const ChangeLog& changes, Contents contents,
                       const std::function<void(std::string_view)>& write);

/// The same for a page in a directory of a site: it leads back to the first page.
void write_site_page(const model::RunReport& run, const ChangeLog& changes, Contents contents,
                     const std::function<void(std::string_view)>& write);

} // namespace disco::report
