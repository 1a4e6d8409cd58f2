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

void ChangeLog::append(const model::Change& change) {
    append_change(pending_, change);
    finish_line();
}

void ChangeLog::append_json(std::string_view json) {
    pending_ += json;
    finish_line();
}

void ChangeLog::finish_line() {
    ends_.push_back(written_ + pending_.size());
    if (pending_.size() < write_size) return;
    if (!fd_) fd_ = sys::UniqueFd{::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (!fd_) throw sys::SysError{errno, "make a nameless file in", directory_};
    sys::write_all(fd_.get(), pending_, name);
    written_ += pending_.size();
    pending_.clear();
}

std::size_t ChangeLog::size() const noexcept { return ends_.size(); }

void ChangeLog::for_each_json(std::size_t first, std::size_t count,
                              const std::function<void(std::string_view)>& visit) const {
    std::string json;
    const std::size_t last = std::min(first + count, ends_.size());
    for (std::size_t index = first; index < last; ++index) {
        const std::uint64_t begin = index == 0 ? 0 : ends_[index - 1];
        const auto length = static_cast<std::size_t>(ends_[index] - begin);
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

} // namespace disco::report
