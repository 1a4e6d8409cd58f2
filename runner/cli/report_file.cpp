#include "runner/cli/report_file.hpp"

#include "runner/sys/atomic_file.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/patient_writer.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_number.hpp"

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

constexpr const char* attempt = "write the report";

/// The descriptor of this process that a path stands for.
std::optional<int> named_descriptor(std::string_view file) {
    constexpr std::array<std::pair<std::string_view, int>, 2> streams = {
        {{"/dev/stdout", STDOUT_FILENO}, {"/dev/stderr", STDERR_FILENO}}};
    for (const auto& [name, fd] : streams)
        if (file == name) return fd;
    for (const std::string_view directory : {"/dev/fd/", "/proc/self/fd/"}) {
        if (!file.starts_with(directory)) continue;
        if (const auto fd = sys::number_in<int>(file.substr(directory.size()), 0)) return fd;
    }
    return std::nullopt;
}

/// Where the pieces go as they come; empty: a file is to be put in its place.
enum class Use { trial, write };
sys::UniqueFd open_stream(const std::string& file, Use use) {
    if (const auto fd = named_descriptor(file)) {
        // Not opened anew: a socket cannot be, and a file would be written from its beginning.
        sys::UniqueFd stream{::fcntl(*fd, F_DUPFD_CLOEXEC, 3)};
        if (!stream) throw sys::SysError{errno, attempt, file};
        return stream;
    }
    const auto there = sys::stat_path(file);
    const bool device = there && S_ISCHR(there->st_mode);
    // Nothing can be put in the place of a file that was mounted there, into a container, say.
    const bool mounted = there && S_ISREG(there->st_mode) && sys::is_mount_point_at(AT_FDCWD, file);
    if (!device && !mounted) return {};
    sys::UniqueFd stream{::open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC)};
    if (!stream) throw sys::SysError{errno, attempt, file};
    if (mounted && use == Use::write) sys::check(::ftruncate(stream.get(), 0), attempt, file);
    return stream;
}

} // namespace

void require_report_place(const std::string& file) {
    try {
        if (open_stream(file, Use::trial)) return;
        const sys::AtomicFile trial{file};
    } catch (const sys::SysError& error) {
        throw sys::BadConfiguration{error.what()};
    }
    const auto there = sys::stat_path(file);
    if (there && (S_ISDIR(there->st_mode) || S_ISBLK(there->st_mode)))
        throw sys::BadConfiguration{fmt::format("cannot {} '{}': it is a {}; name a file", attempt,
                                                sys::printable(file),
                                                S_ISDIR(there->st_mode) ? "directory" : "block device")};
}

void write_report_file(const std::string& file, mode_t mode,
                       const std::function<void(const std::function<void(std::string_view)>&)>& work) {
    if (const sys::UniqueFd stream = open_stream(file, Use::write)) {
        sys::PatientWriter writer{stream.get()};
        work([&](std::string_view piece) {
            writer.write(piece);
            writer.finish();
            if (writer.has_lost_its_reader()) throw sys::SysError{EPIPE, attempt, file};
        });
        return;
    }
    sys::AtomicFile whole{file, mode};
    work([&](std::string_view piece) { whole.write(piece); });
    whole.commit();
}

} // namespace disco::cli
