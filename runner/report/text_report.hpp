#pragma once

#include "runner/model/kept_paths.hpp"
#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::report {

enum class Detail { quiet, stat, changes, diff, verbose };

struct TextStyle {
    Detail detail = Detail::changes;
    bool color = false;
    std::size_t width = 80;  ///< columns of the terminal
    bool ascii = false;      ///< what is read shows no other characters
    model::PathGlobs only{}; ///< changes that are listed; empty: all
};

/// The report for people, written while the run goes on or afterwards: a heading; each module with its
/// outcome, changes, notices and (as far as `style` asks) diffs; then actions, failures, conflicts, and a
/// line that sums up. What was written once is not written again.
class TextReport {
public:
    using Write = std::function<void(std::string_view)>;
    /// `write` gets the pieces in order.
    TextReport(TextStyle style, Write write);

    /// The heading. `modules`: the names of those to come, so that columns are as wide as they have to be.
    void begin(const model::RunReport& run, const std::vector<std::string>& modules);
    /// The next module, whose work is done.
    void add(const model::RunReport& run, const model::ModuleReport& module, const ChangeLog& changes);
    /// All that was not written yet.
    void end(const model::RunReport& run, const ChangeLog& changes);
    /// What became of the run since `end`: it was asked about then, or had to be confirmed.
    void sum_up(const model::RunReport& run);
    [[nodiscard]] bool has_ended() const noexcept { return ended_; }

private:
    TextStyle style_;
    Write write_;
    bool begun_ = false, ended_ = false, followed_ = false; ///< the last: what follows a merge was written
    std::size_t column_ = 8;                                ///< width of modules' names
    std::vector<std::size_t> notices_;                      ///< by module: how many were written
};

/// All of it at once.
void write_text_report(const model::RunReport& run, const ChangeLog& changes, const TextStyle& style,
                       const std::function<void(std::string_view)>& write);

} // namespace disco::report
