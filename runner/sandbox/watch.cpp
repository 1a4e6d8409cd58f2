#include "runner/sandbox/watch.hpp"

#include "runner/sandbox/kill_at_once.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <system_error>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::sandbox {

Watch::Watch(int root, pid_t init, std::filesystem::path scratch)
    : root_{root}, init_{init}, scratch_{std::move(scratch)} {}

void Watch::begin() {
    load_ = sys::open_in_root(root_, "/proc/loadavg", O_RDONLY);
    try {
        thread_ = std::jthread{[this](const std::stop_token& ended) { look_until(ended); }};
    } catch (const std::system_error& error) {
        throw sys::SysError{error.code().value(), "start a thread that watches the sandbox"};
    }
    const struct sched_param first = {1};
    ::pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &first);
}

Watch::Verdict Watch::end() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
    if (failure_) std::rethrow_exception(failure_);
    return verdict_;
}

void Watch::look_until(const std::stop_token& ended) {
    std::mutex none;
    std::condition_variable_any moment;
    std::unique_lock lock{none};
    try {
        while (verdict_ == Verdict::fine && !moment.wait_for(lock, ended, interval, [] { return false; }) &&
               !ended.stop_requested())
            verdict_ = look();
    } catch (...) {
        failure_ = std::current_exception();
    }
    if (failure_ || verdict_ != Verdict::fine) kill_at_once(init_);
}

Watch::Verdict Watch::look() const {
    if (too_many_tasks()) return Verdict::too_many_tasks;
    return scratch_nearly_full() ? Verdict::scratch_nearly_full : Verdict::fine;
}

/// All tasks of the machine: the last number after the '/' in "0.20 0.18 0.12 1/80 11206", proc_loadavg(5).
/// Where the file is of another form, as many as can be.
std::size_t Watch::tasks_of_the_machine() const {
    std::array<char, 128> text = {};
    const ssize_t got =
        sys::check(::pread(load_.get(), text.data(), text.size(), 0), "read", "/proc/loadavg");
    std::string_view rest{text.data(), static_cast<std::size_t>(got)};
    rest.remove_prefix(std::min(rest.find('/'), rest.size() - 1) + 1);
    return sys::take_number<std::size_t>(rest).value_or(std::numeric_limits<std::size_t>::max());
}

sys::UniqueFd Watch::open_proc() const { return sys::open_in_root(root_, "/proc", O_RDONLY | O_DIRECTORY); }

std::vector<std::string> Watch::processes(int proc) {
    std::vector<std::string> numbers;
    for (sys::DirectoryEntry& entry : sys::list_directory(proc, "/proc"))
        if (entry.name != "1" && sys::is_digits(entry.name)) numbers.push_back(std::move(entry.name));
    return numbers;
}

/// The first question costs next to nothing, and its answer is no most of the time.
bool Watch::too_many_tasks() const { return tasks_of_the_machine() > task_limit && tasks() > task_limit; }

/// The directory of a process's threads has a link for each of them, besides two (fs/proc/base.c).
std::size_t Watch::tasks() const {
    const sys::UniqueFd proc = open_proc();
    std::size_t count = 0;
    for (const std::string& process : processes(proc.get())) {
        struct stat threads = {};
        const std::string path = process + "/task";
        if (::fstatat(proc.get(), path.c_str(), &threads, 0) == 0)
            count += std::max<std::size_t>(threads.st_nlink, 3) - 2;
        else if (errno != ENOENT && errno != ESRCH)
            throw sys::SysError{errno, "look at", "/proc/" + path};
    }
    return count;
}

bool Watch::scratch_nearly_full() const {
    struct statvfs space = {};
    sys::check(::statvfs(scratch_.c_str(), &space), "look at the free space of", scratch_);
    const std::uint64_t total = std::uint64_t{space.f_blocks} * space.f_frsize;
    const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
    const bool no_inodes = space.f_files != 0 && space.f_favail < space.f_files / 20;
    return free < std::min<std::uint64_t>(64U << 20, total / 20) || no_inodes;
}

std::vector<std::string> Watch::command_lines(const std::set<pid_t>& processes) const {
    std::vector<std::string> lines;
    for (const pid_t number : processes) {
        if (lines.size() == 10) {
            lines.emplace_back("…");
            break;
        }
        std::string line;
        try {
            const auto file = sys::try_open_in_root(root_, fmt::format("/proc/{}/cmdline", number), O_RDONLY);
            if (file) line = sys::read_all(file.get(), "cmdline");
        } catch (const sys::SysError& error) {
            if (error.code() != ESRCH) throw; // it ended between the look and the read
        }
        while (!line.empty() && line.back() == '\0') line.pop_back();
        std::replace(line.begin(), line.end(), '\0', ' ');
        lines.push_back(line.empty() ? fmt::format("process {}", number) : line);
    }
    return lines;
}

} // namespace disco::sandbox
