#include "runner/sandbox/readers.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

using namespace std::chrono_literals;

struct Pipe {
    std::set<pid_t> readers, writers;
    std::string read_end; ///< below /proc
};
using Pipes = std::map<ino_t, Pipe>; ///< by their inodes

/// Ended while it was looked at.
bool gone(int error) { return error == ENOENT || error == ESRCH; }

std::vector<std::string> names_in(int directory, const std::string& place) {
    std::vector<std::string> names;
    try {
        for (sys::DirectoryEntry& entry : sys::list_directory(directory, "/proc/" + place))
            names.push_back(std::move(entry.name));
    } catch (const sys::SysError& error) {
        if (!gone(error.code())) throw;
    }
    return names;
}

/// Its processor time; nothing when it has ended, and waits for somebody to take notice.
std::optional<std::uint64_t> work_of(int proc, pid_t process) {
    const std::string name = fmt::format("{}/stat", process);
    const sys::UniqueFd file{::openat(proc, name.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 1024> text = {};
    const ssize_t got = file ? ::read(file.get(), text.data(), text.size()) : -1;
    if (got < 0 && gone(errno)) return std::nullopt;
    if (got < 0) throw sys::SysError{errno, "look at", "/proc/" + name};
    // "12 (any name) S …", proc(5): the state, and as 12th and 13th value from there the times.
    std::string_view rest{text.data(), static_cast<std::size_t>(got)};
    rest.remove_prefix(std::min(rest.size(), rest.rfind(')') + 2));
    if (rest.empty() || rest[0] == 'Z' || rest[0] == 'X') return std::nullopt;
    std::uint64_t ticks = 0;
    for (int value = 1; value <= 13; ++value) {
        const std::string_view word = sys::take_until(rest, ' ');
        if (value >= 12) ticks += sys::number_in<std::uint64_t>(word).value_or(0);
    }
    return ticks;
}

/// What cannot be looked at (of a process that is not dumpable, in a container without CAP_SYS_PTRACE) is not
/// waited for. Names are read, files never asked: some may lie on a server that does not answer.
void note_pipes(int proc, pid_t process, ino_t input, Pipes& pipes) {
    const std::string place = fmt::format("{}/fd", process);
    const sys::UniqueFd directory{::openat(proc, place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory) return;
    for (const std::string& name : names_in(directory.get(), place)) {
        std::array<char, 64> target = {}; // "pipe:[123]"
        struct stat link = {};
        if (::readlinkat(directory.get(), name.c_str(), target.data(), target.size() - 1) < 0 ||
            ::fstatat(directory.get(), name.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        ino_t inode = 0;
        if (std::sscanf(target.data(), "pipe:[%lu]", &inode) != 1 || inode == input) continue;
        Pipe& pipe = pipes[inode];
        if ((link.st_mode & S_IRUSR) != 0) {
            pipe.readers.insert(process);
            pipe.read_end = fmt::format("{}/{}", place, name);
        }
        if ((link.st_mode & S_IWUSR) != 0) pipe.writers.insert(process);
    }
}

std::uint64_t unread_of(int proc, const Pipe& pipe) {
    int bytes = 0;
    const sys::UniqueFd end{
        ::openat(proc, pipe.read_end.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
    return end && ::ioctl(end.get(), FIONREAD, &bytes) == 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

/// Those of `readers` that read from no process but such as themselves.
std::set<pid_t> without_outer_writers(std::set<pid_t> readers, const Pipes& pipes) {
    for (bool fewer = true; fewer;) {
        fewer = false;
        for (const auto& [key, pipe] : pipes) {
            const bool all = std::all_of(pipe.writers.begin(), pipe.writers.end(),
                                         [&](pid_t writer) { return readers.contains(writer); });
            if (all) continue;
            for (const pid_t reader : pipe.readers) fewer = readers.erase(reader) != 0 || fewer;
        }
    }
    return readers;
}

} // namespace

Remaining look_at_remaining(int root, ino_t input) {
    const sys::UniqueFd proc = sys::open_in_root(root, "/proc", O_RDONLY | O_DIRECTORY);
    Remaining remaining;
    std::map<pid_t, std::uint64_t> work;
    Pipes pipes;
    for (const std::string& name : names_in(proc.get(), "")) {
        const auto process = sys::number_in<pid_t>(name);
        if (!process || *process == 1) continue;
        const auto ticks = work_of(proc.get(), *process);
        if (!ticks) continue;
        work[*process] = *ticks;
        remaining.processes.insert(*process);
        note_pipes(proc.get(), *process, input, pipes);
    }
    std::set<pid_t> readers;
    for (auto pipe = pipes.begin(); pipe != pipes.end();) {
        const auto& [from, to, end] = pipe->second;
        const std::uint64_t unread = from.empty() ? 0 : unread_of(proc.get(), pipe->second);
        // A process that has both ends wakes itself by it, or its children do; one that has just been forked
        // to read from it has not closed the other end yet.
        const bool own = std::any_of(from.begin(), from.end(), [&](pid_t one) { return to.contains(one); });
        if (from.empty() || (own && unread == 0)) {
            pipe = pipes.erase(pipe);
            continue;
        }
        readers.insert(from.begin(), from.end());
        remaining.unread += unread;
        ++pipe;
    }
    for (const pid_t reader : readers) remaining.work += work[reader];
    remaining.readers = !readers.empty();
    remaining.finishing = !without_outer_writers(std::move(readers), pipes).empty();
    return remaining;
}

bool ReadersPatience::lasts(const Remaining& remaining, std::uint64_t printed, Clock::time_point now) {
    // Twice: a process that ends, or begins, between two looks at its pipes may be overlooked once.
    if (!remaining.readers) return !remaining.processes.empty() && ++without_readers_ < 2;
    without_readers_ = 0;
    finishing_ = finishing_ || remaining.finishing;
    if (!began_) began_ = now;
    if (*began_ == now || remaining != last_ || printed != printed_) changed_ = now;
    last_ = remaining;
    printed_ = printed;
    const auto quiet = remaining.unread != 0 ? 5000ms : finishing_ ? 1000ms : 100ms;
    return now - changed_ < quiet && now - *began_ < (finishing_ ? 60s : 5s);
}

} // namespace disco::sandbox
