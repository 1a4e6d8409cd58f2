#include "runner/report/change_log.hpp"

#include "runner/report/json_values.hpp"
#include "runner/report/masked_run.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace disco::report {
namespace {

constexpr std::size_t write_size = std::size_t{1} << 16;
constexpr const char* name = "the log of changes";

} // namespace

void ChangeLog::keep_out(model::SecretMask secrets, ChangeLog* plain) {
    mask_ = std::move(secrets);
    plain_ = plain;
}

void ChangeLog::append(const RecordedChange& change) {
    if (plain_ != nullptr) plain_->append_line(change);
    if (plain_ == nullptr && mask_.empty())
        append_line(change);
    else
        append_line(masked(change, mask_));
}

void ChangeLog::append_line(const RecordedChange& change) {
    append_change(pending_, change);
    const std::size_t whole = pending_.size();
    if (report::can_be_short(change)) append_change(pending_, change, Contents::short_);
    finish_lines(pending_.size() - whole,
                 {.group = groups_.note(change), .directory = change.type == model::ObjectType::directory});
}

void ChangeLog::append_all(const ChangeLog& other) {
    for (std::size_t index = 0; index < other.size(); ++index) {
        const Lines& lines = other.lines_[index];
        std::size_t in_short = 0;
        const auto copy = [&](std::string_view json) {
            pending_ += json;
            in_short = json.size();
        };
        other.for_each_json(index, 1, copy);
        if (lines.in_short != lines.whole)
            other.for_each_json(index, 1, copy, Contents::short_);
        else
            in_short = 0;
        finish_lines(in_short, {.group = groups_.adopt(other.group_of(index)), .directory = lines.directory});
    }
}

void ChangeLog::finish_lines(std::size_t length_in_short, Lines lines) {
    lines.in_short = written_ + pending_.size();
    lines.whole = lines.in_short - length_in_short;
    lines_.push_back(lines);
    can_be_short_ = can_be_short_ || length_in_short != 0;
    if (pending_.size() < write_size) return;
    if (!fd_) fd_ = sys::UniqueFd{::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (!fd_) throw sys::SysError{errno, "make a nameless file in", directory_};
    sys::write_all(fd_.get(), pending_, name);
    written_ += pending_.size();
    pending_.clear();
}

std::size_t ChangeLog::size() const noexcept { return lines_.size(); }

void ChangeLog::for_each_json(std::size_t first, std::size_t count,
                              const std::function<void(std::string_view)>& visit, Contents contents) const {
    std::string json;
    const std::size_t last = std::min(first + count, lines_.size());
    for (std::size_t index = first; index < last; ++index) {
        const Lines& ends = lines_[index];
        const bool in_short = contents == Contents::short_ && ends.in_short != ends.whole;
        const std::uint64_t begin = in_short ? ends.whole : index == 0 ? 0 : lines_[index - 1].in_short;
        const auto length = static_cast<std::size_t>((in_short ? ends.in_short : ends.whole) - begin);
        if (begin >= written_) {
            visit(std::string_view{pending_}.substr(static_cast<std::size_t>(begin - written_), length));
            continue;
        }
        json.resize(length);
        const ssize_t got = ::pread(fd_.get(), json.data(), length, static_cast<off_t>(begin));
        if (got != static_cast<ssize_t>(length)) throw sys::SysError{got < 0 ? errno : EIO, "read", name};
        visit(json);
    }
}

void ChangeLog::for_each(std::size_t first, std::size_t count,
                         const std::function<void(RecordedChange&&)>& visit) const {
    for_each_json(first, count, [&](std::string_view json) { visit(read_change(json)); });
}

} // namespace disco::report
