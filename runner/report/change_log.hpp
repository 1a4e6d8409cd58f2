#pragma once

#include "runner/model/secret_mask.hpp"
#include "runner/report/change_groups.hpp"
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

/// The changes of a run, in order, in a nameless file: memory does not grow with their number (but for 24
/// bytes each, and the names of groups). Each is kept as the line of JSON that the report will show, so that
/// writing the report is copying; where a short report says less, as two of them.
class ChangeLog {
public:
    /// The file lives in `directory` (O_TMPFILE), is made when it is needed, and goes with the object.
    explicit ChangeLog(std::filesystem::path directory) : directory_{std::move(directory)} {}
    void append(const RecordedChange& change);
    /// From now on secrets, and the differences of what is redacted, are kept out of what is appended.
    /// `plain`, which is borrowed and may be null, gets each change as it is.
    void keep_out(model::SecretMask secrets, ChangeLog* plain);
    /// All of another one.
    void append_all(const ChangeLog& other);
    [[nodiscard]] std::size_t size() const noexcept;
    /// What it is shown with.
    [[nodiscard]] const ChangeGroup& group_of(std::size_t index) const {
        return groups_.at(lines_.at(index).group);
    }
    [[nodiscard]] bool is_directory(std::size_t index) const { return lines_.at(index).directory; }
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
    /// Of a change: where its lines end (equal when there is one), and what can be asked without reading it.
    struct Lines {
        std::uint64_t whole = 0, in_short = 0;
        ChangeGroups::Index group = 0;
        bool directory = false;
    };
    void append_line(const RecordedChange& change);
    void finish_lines(std::size_t length_in_short, Lines lines);
    std::filesystem::path directory_;
    sys::UniqueFd fd_;
    std::string pending_;       ///< not yet written
    std::uint64_t written_ = 0; ///< bytes in the file
    std::vector<Lines> lines_;
    ChangeGroups groups_;
    bool can_be_short_ = false;
    model::SecretMask mask_;
    ChangeLog* plain_ = nullptr;
};

} // namespace disco::report
