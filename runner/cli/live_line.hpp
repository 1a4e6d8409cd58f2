#pragma once

#include "runner/sys/patient_writer.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace disco::cli {

/// A line that fits into `columns`, of printable text; a character of a script that is written in wide ones
/// counts as two. Pure.
[[nodiscard]] std::string cut_to_columns(std::string_view text, std::size_t columns);

/// The last line of a terminal, which says what is going on, and for how long: it is drawn again and again,
/// and erased before anything else is written.
class LiveLine {
public:
    /// `writer`: to a terminal that obeys controls; borrowed.
    explicit LiveLine(sys::PatientWriter& writer) : writer_{writer} {}
    LiveLine(const LiveLine&) = delete;
    LiveLine& operator=(const LiveLine&) = delete;
    ~LiveLine() { erase(); }

    /// Something else begins now: its clock starts. `what` is printable.
    void show(std::string what);
    /// The last line that was printed meanwhile.
    void set_printed(std::string line) { printed_ = std::move(line); }
    void draw();
    /// Until it is drawn again.
    void erase();

private:
    sys::PatientWriter& writer_;
    std::string what_, printed_;
    std::chrono::steady_clock::time_point since_;
    bool drawn_ = false;
};

} // namespace disco::cli
