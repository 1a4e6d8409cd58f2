#pragma once

#include "runner/model/run_report.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace disco::module {

/// Finds notices in what a script prints, line by line as it comes: the shim's "warning: Would execute: …"
/// and the refusals of restricted bash ("FILE: line N: WHAT: restricted…", where WHAT may hold newlines).
class NoticeReader {
public:
    explicit NoticeReader(std::string step) : step_{std::move(step)} {}
    void feed(std::string_view bytes);
    /// All notices of the step; a repeated one is there once. At most `limit`.
    [[nodiscard]] std::vector<model::Notice> take();

    static constexpr std::size_t limit = 1000;

private:
    void read_line(std::string_view line);
    void read_refusal(std::string_view line);
    void add(model::Notice notice);
    std::string step_;
    std::string partial_; ///< of the line that has not ended yet
    std::string message_; ///< of the shell, which may go on in the next line
    bool too_long_ = false;
    std::vector<model::Notice> notices_;
};

} // namespace disco::module
