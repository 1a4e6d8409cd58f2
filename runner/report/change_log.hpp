#pragma once

#include "runner/report/json_values.hpp"
#include "runner/report/recorded_change.hpp"
#include "runner/sys/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::report {

/// The changes of a run, in order, in a nameless file: memory does not grow with their number (but for 16
/// bytes each). Each is kept as the line of JSON that the report will show, so that writing the report is
/// copying; where a short report says less, as two of them.
class ChangeLog {
public:
    /// The file lives in `directory` (O_TMPFILE), is made when it is needed, and goes with the object.
    explicit ChangeLog(std::filesystem::path directory) : directory_{std::move(directory)} {}
    void append(const RecordedChange& change);
    /// One that is JSON already, from another log. `in_short`: how a short report says it; empty: the same.
    void append_json(std::string_view json, std::string_view in_short = {});
    /// All of another one.
    void append_all(const ChangeLog& other);
    [[nodiscard]] std::size_t size() const noexcept;
    /// Whether a short report says less.
    [[nodiscard]] bool can_be_short() const noexcept { return can_be_short_; }
    /// The JSON objects of changes [first, first + count), in order.
    void for_each_json(std::size_t first, std::size_t count,
                       const std::function<void(std::string_view)>& visit,
                       Contents contents = Contents::all) const;
    /// The same, read: one at a time. Throws DamagedChange for what was no change when it was appended.
    void for_each(std::size_t first, std::size_t count,
                  const std::function<void(RecordedChange&&)>& visit) const;

private:
    /// Where the lines of a change end; equal when there is one.
    struct LineEnds {
        std::uint64_t whole, in_short;
    };
    void finish_lines(std::size_t length_in_short);
    std::filesystem::path directory_;
    sys::UniqueFd fd_;
    std::string pending_;       ///< not yet written
    std::uint64_t written_ = 0; ///< bytes in the file
    std::vector<LineEnds> ends_;
    bool can_be_short_ = false;
};

} // namespace disco::report
