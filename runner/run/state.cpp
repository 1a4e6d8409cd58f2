#include "runner/run/state.hpp"

#include "runner/run/state_place.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/random_number.hpp"
#include "runner/sys/text_number.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::run {
namespace {

std::string formatted(const timespec& moment, const char* format) {
    std::tm parts = {};
    ::gmtime_r(&moment.tv_sec, &parts);
    std::array<char, 64> text = {};
    text[std::strftime(text.data(), text.size(), format, &parts)] = '\0';
    return text.data();
}

/// Scratch directories are named after the process: "4711-Ab3dEf".
bool is_stale(const std::filesystem::path& directory) {
    const std::string name = directory.filename().native();
    std::string_view rest = name;
    const auto pid = sys::take_number<pid_t>(rest);
    if (!pid || *pid <= 0) return true;
    if (::kill(*pid, 0) != 0 && errno == ESRCH) return true;
    if (sys::FileLock::is_held(directory)) return false;
    // The number may be another process's by now; or its owner has just made it and is about to lock it.
    const auto status = sys::stat_path(directory);
    constexpr std::time_t moment = 60;
    return status && status->st_mtim.tv_sec + moment < sys::now().tv_sec;
}

/// When power was lost soon after a no-op, its report may have a name and not all of its bytes.
bool is_whole(const std::filesystem::path& report) {
    const sys::UniqueFd file{::open(report.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return false;
    if (!file) throw sys::SysError{errno, "open", report};
    struct stat status = {};
    sys::check(::fstat(file.get(), &status), "stat", report);
    std::array<char, 2> end = {};
    return status.st_size >= ssize_t{end.size()} &&
           ::pread(file.get(), end.data(), end.size(), status.st_size - ssize_t{end.size()}) ==
               ssize_t{end.size()} &&
           end == std::array{'}', '\n'};
}

} // namespace

StateDirectory::StateDirectory(const std::filesystem::path& path, Missing missing)
    : path_{std::filesystem::absolute(path).lexically_normal()} {
    if (!path_.has_filename()) path_ = path_.parent_path(); // "/x/" → "/x"
    if (missing == Missing::leave) return;
    require_state_place(path_);
    sys::make_directories(path_, 0700);
    for (const char* name : {"parameters", "modules", "runs", "scratch"})
        sys::make_directories(path_ / name, 0700);
    // A run makes and frees many inodes. Where the last run's lie freed, ext4 looks at each of them before it
    // takes one: twice the time for a dance right after another, on a file system without a journal.
    sys::hint_spread_subdirectories(path_ / "scratch");
}

std::filesystem::path StateDirectory::lock_file() const {
    return path_ == model::default_state_directory ? "/run/disco/lock" : path_ / "lock";
}

bool StateDirectory::is_in_use() const { return sys::FileLock::is_held(lock_file()); }

sys::FileLock StateDirectory::lock(const std::string& command, std::chrono::seconds wait) const {
    const std::filesystem::path file = lock_file();
    if (path_ == model::default_state_directory) sys::make_directories(file.parent_path(), 0700);
    return {file, fmt::format("{}, process {}, since {}", command, ::getpid(), timestamp_now()), wait};
}

void StateDirectory::discard_stale_scratch() const {
    const auto scratch = path_ / "scratch";
    const sys::UniqueFd directory = sys::open_directory(scratch);
    for (const sys::DirectoryEntry& entry : sys::list_directory(directory.get(), scratch)) {
        if (!is_stale(scratch / entry.name)) continue;
        spdlog::info("removing '{}', left by a run that did not end in good order",
                     (scratch / entry.name).string());
        try {
            sys::remove_tree_at(directory.get(), entry.name);
        } catch (const sys::Error& error) { // it takes room and is in nobody's way
            spdlog::warn("cannot remove '{}', leaving it: {}", (scratch / entry.name).string(),
                         error.full_text());
        }
    }
}

Scratch::Scratch(const StateDirectory& state)
    : directory_{state.path() / "scratch", fmt::format("{}-", ::getpid())},
      fd_{sys::open_directory(directory_.path())} {
    sys::check(::flock(fd_.get(), LOCK_EX | LOCK_NB), "lock", directory_.path());
}

std::filesystem::path Scratch::subdirectory(const std::string& name, mode_t mode) const {
    auto directory = path() / name;
    sys::make_directories(directory, mode);
    return directory;
}

std::string new_run_id() {
    const timespec moment = sys::now();
    return fmt::format("{}.{:03}Z-{:06x}", formatted(moment, "%Y%m%dT%H%M%S"), moment.tv_nsec / 1'000'000,
                       sys::random_number() & 0xffffff);
}

std::string timestamp_now() { return formatted(sys::now(), "%Y-%m-%dT%H:%M:%SZ"); }

std::filesystem::path whole_report(const StateDirectory& state, const std::string& run) {
    std::filesystem::path verbose = state.verbose_report(run);
    return is_whole(verbose) ? verbose : state.report(run);
}

std::vector<std::string> recorded_runs(const StateDirectory& state) {
    std::vector<std::string> ids;
    if (!sys::stat_path(state.runs())) return ids;
    const sys::UniqueFd directory = sys::open_directory(state.runs());
    for (sys::DirectoryEntry& entry : sys::list_directory(directory.get(), state.runs()))
        if (is_whole(state.report(entry.name))) ids.push_back(std::move(entry.name));
    return ids;
}

std::string recorded_run(const StateDirectory& state, const std::string& wanted_run) {
    std::vector<std::string> found = recorded_runs(state);
    const std::string wanted = wanted_run == "last" ? "" : wanted_run;
    if (wanted.starts_with('-'))
        if (const auto place = sys::number_in<std::size_t>(std::string_view{wanted}.substr(1), 1)) {
            if (*place <= found.size()) return found[found.size() - *place];
            throw sys::BadConfiguration{fmt::format("there is no run {}: {} are recorded; '{}' lists them",
                                                    wanted, found.size(), state.hint("disco runs"))};
        }
    std::erase_if(found, [&](const std::string& run) { return !run.starts_with(wanted); });
    if (found.empty())
        throw sys::BadConfiguration{wanted.empty()
                                        ? fmt::format("no run is recorded in '{}'", state.runs().string())
                                        : fmt::format("there is no run '{}'; '{}' lists them",
                                                      sys::printable(wanted), state.hint("disco runs"))};
    if (!wanted.empty() && found.size() > 1)
        throw sys::BadConfiguration{fmt::format("'{}' fits {} runs; '{}' lists them", sys::printable(wanted),
                                                found.size(), state.hint("disco runs"))};
    return std::move(found.back());
}

} // namespace disco::run
