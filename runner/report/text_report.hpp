#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace disco::report {

enum class Detail { quiet, stat, changes, diff, verbose };

struct TextStyle {
    Detail detail = Detail::changes;
    bool color = false;
    std::size_t width = 80; ///< columns of the terminal
};

/// The report for people: a heading, then each module with its outcome, changes, notices and (as far as
/// `style` asks) diffs, then a line that sums up. `write` gets the pieces in order.
void write_text_report(const model::RunReport& run, const ChangeLog& changes, const TextStyle& style,
                       const std::function<void(std::string_view)>& write);

} // namespace disco::report
