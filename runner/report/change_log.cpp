#include "runner/report/change_log.hpp"

#include "runner/report/json_values.hpp"
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

void ChangeLog::append(const RecordedChange& change) {
    append_change(pending_, change);
    const std::size_t whole = pending_.size();
    if (report::can_be_short(change)) append_change(pending_, change, Contents::short_);
    finish_lines(pending_.size() - whole);
}

void ChangeLog::append_json(std::string_view json, std::string_view in_short) {
    pending_ += json;
    pending_ += in_short;
    finish_lines(in_short.size());
}

void ChangeLog::append_all(const ChangeLog& other) {
    for (std::size_t index = 0; index < other.size(); ++index) {
        std::string in_short;
        if (other.ends_[index].in_short != other.ends_[index].whole)
            other.for_each_json(
                index, 1, [&](std::string_view json) { in_short = json; }, Contents::short_);
        other.for_each_json(index, 1, [&](std::string_view json) { append_json(json, in_short); });
    }
}

void ChangeLog::finish_lines(std::size_t length_in_short) {
    const std::uint64_t end = written_ + pending_.size();
    ends_.push_back({end - length_in_short, end});
    can_be_short_ = can_be_short_ || length_in_short != 0;
    if (pending_.size() < write_size) return;
    if (!fd_) fd_ = sys::UniqueFd{::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (!fd_) throw sys::SysError{errno, "make a nameless file in", directory_};
    sys::write_all(fd_.get(), pending_, name);
    written_ += pending_.size();
    pending_.clear();
}

std::size_t ChangeLog::size() const noexcept { return ends_.size(); }

void ChangeLog::for_each_json(std::size_t first, std::size_t count,
                              const std::function<void(std::string_view)>& visit, Contents contents) const {
    std::string json;
    const std::size_t last = std::min(first + count, ends_.size());
    for (std::size_t index = first; index < last; ++index) {
        const LineEnds& ends = ends_[index];
        const bool in_short = contents == Contents::short_ && ends.in_short != ends.whole;
        const std::uint64_t begin = in_short ? ends.whole : index == 0 ? 0 : ends_[index - 1].in_short;
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
