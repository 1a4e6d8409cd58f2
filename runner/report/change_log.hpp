#pragma once

#include "runner/model/change.hpp"
#include "runner/sys/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::report {

/// The changes of a run, in order, in a nameless file: memory does not grow with their number (but for 8
/// bytes each). Each is kept as the line of JSON that the report will show, so that writing the report is
/// copying.
class ChangeLog {
public:
    /// The file lives in `directory` (O_TMPFILE), is made when it is needed, and goes with the object.
    explicit ChangeLog(std::filesystem::path directory) : directory_{std::move(directory)} {}
    void append(const model::Change& change);
    /// One that is JSON already, from a stored report.
    void append_json(std::string_view json);
    [[nodiscard]] std::size_t size() const noexcept;
    /// The JSON objects of changes [first, first + count), in order.
    void for_each_json(std::size_t first, std::size_t count,
                       const std::function<void(std::string_view)>& visit) const;

private:
    void finish_line();
    std::filesystem::path directory_;
    sys::UniqueFd fd_;
    std::string pending_;       ///< not yet written
    std::uint64_t written_ = 0; ///< bytes in the file
    std::vector<std::uint64_t> ends_;
};

} // namespace disco::report
