#include "runner/overlay/content_diff.hpp"

#include "runner/model/large_diff.hpp"
#include "runner/overlay/unified_hunk.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"
#include "runner/sys/text_lines.hpp"

#include <cerrno>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

using model::ObjectType;

/// What git shows of an object: a file's bytes, a symlink's target. Nothing when it has no content, or too
/// much.
struct Side {
    bool exists = false, shown = false;
    std::string_view bytes;
    std::uint64_t size = 0;
};

Side side_of(const ReadObject* object) {
    Side side;
    if (object == nullptr) return side;
    side.size = object->state.size;
    if (object->state.type == ObjectType::symlink) {
        side = {true, true, object->state.target, object->state.target.size()};
    } else if (object->state.type == ObjectType::file) {
        side.exists = true;
        side.shown = object->content.has_value();
        if (side.shown) side.bytes = *object->content;
    }
    return side;
}

/// A file in memory, for a program to read as /proc/PID/fd/N.
sys::UniqueFd memory_file(std::string_view bytes) {
    sys::UniqueFd fd{::memfd_create("disco-diff", MFD_CLOEXEC)};
    if (!fd) throw sys::SysError{errno, "make a file in memory"};
    sys::write_all(fd.get(), bytes, "a file in memory");
    return fd;
}

/// The hunks, without the names before them: those are not for the words of a program, which everybody can
/// read.
std::string gnu_hunks(const std::string& name, std::string_view before, std::string_view after) {
    const sys::UniqueFd old_file = memory_file(before), new_file = memory_file(after);
    const auto path = [](const sys::UniqueFd& fd) {
        return fmt::format("/proc/{}/fd/{}", ::getpid(), fd.get());
    };
    const sys::ProgramSpec spec = {.argv = {"diff", "--text", "--unified", "--label", "a", "--label", "b",
                                            path(old_file), path(new_file)},
                                   .environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8"},
                                   .input = {},
                                   .timeout = std::chrono::seconds{60}};
    sys::ProgramResult result;
    try {
        result = sys::run_program(spec);
    } catch (const sys::SysError& error) {
        if (error.code() != ENOENT) throw;
        throw sys::Error{
            "the program 'diff' is needed to show differences and is not there: install package diffutils"};
    }
    if (result.timed_out || result.signal != 0 || result.exit > 1) // 1: there are differences
        throw sys::Error{fmt::format("'diff' could not compare the versions of {}: {}", name,
                                     result.error.empty() ? "it was ended" : result.error)};
    std::string_view hunks = result.output;
    sys::take_line(hunks);
    sys::take_line(hunks);
    return std::string{hunks};
}

} // namespace

bool is_text(std::string_view bytes) { return bytes.substr(0, 8000).find('\0') == std::string_view::npos; }

ContentDiff content_diff(const std::string& path, const ReadObject* before, const ReadObject* after) {
    const Side old_side = side_of(before), new_side = side_of(after);
    if (!old_side.exists && !new_side.exists) return {};
    const std::string name = sys::printable(path);
    const std::string old_label = old_side.exists ? "a" + name : "/dev/null";
    const std::string new_label = new_side.exists ? "b" + name : "/dev/null";
    if (!is_text(old_side.bytes) || !is_text(new_side.bytes)) return {{}, true};
    const std::string header = fmt::format("--- {}\n+++ {}\n", old_label, new_label);
    if ((old_side.exists && !old_side.shown) || (new_side.exists && !new_side.shown))
        return {header + fmt::format("{}: {} bytes before, {} after @@\n", model::large_diff, old_side.size,
                                     new_side.size),
                false};
    if (old_side.bytes.empty() || new_side.bytes.empty())
        return {header + whole_hunk(old_side.bytes, new_side.bytes), false};
    const bool both_files = before->state.type == ObjectType::file && after->state.type == ObjectType::file;
    if (!both_files) return {header + whole_hunk(old_side.bytes, new_side.bytes), false};
    // A program for each of very many files is what takes the time.
    if (const auto hunk = single_hunk(old_side.bytes, new_side.bytes)) return {header + *hunk, false};
    const std::string hunks = gnu_hunks(name, old_side.bytes, new_side.bytes);
    return {hunks.empty() ? std::string{} : header + hunks, false};
}

} // namespace disco::overlay
