#pragma once

#include "runner/model/command_hint.hpp"
#include "runner/sys/file_lock.hpp"
#include "runner/sys/files.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace disco::run {

/// The state directory: parameters, modules, runs, scratch. All of it mode 0700: it holds what scripts may
/// not see.
class StateDirectory {
public:
    enum class Missing { make, leave };
    /// For who only reads, what is missing is left so: the name may be mistyped. Throws SysError;
    /// BadConfiguration where no state can be kept, see require_state_place.
    explicit StateDirectory(const std::filesystem::path& path, Missing missing = Missing::make);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path runs() const { return path_ / "runs"; }
    [[nodiscard]] std::filesystem::path report(const std::string& run) const {
        return runs() / run / "report.json";
    }
    /// The same with the differences of packages' files; only where the report lacks some.
    [[nodiscard]] std::filesystem::path verbose_report(const std::string& run) const {
        return runs() / run / "verbose.json";
    }
    [[nodiscard]] std::filesystem::path undo() const { return path_ / "undo"; }
    /// While a run puts files into /run: see RuntimeFiles.
    [[nodiscard]] std::filesystem::path unplaced() const { return path_ / "unplaced"; }

    /// See model::command_hint.
    [[nodiscard]] std::string hint(std::string_view command) const {
        return model::command_hint(command, path_);
    }

    /// The lock that lets one dance at a time use the state: /run/disco/lock for the default state directory,
    /// STATE/lock elsewhere. Throws TryAgain that names the holder.
    [[nodiscard]] sys::FileLock lock(const std::string& command, std::chrono::seconds wait) const;

    /// Whether somebody holds it. Throws SysError.
    [[nodiscard]] bool is_in_use() const;

    /// Removes scratch directories whose process is gone.
    void discard_stale_scratch() const;

private:
    [[nodiscard]] std::filesystem::path lock_file() const;

    std::filesystem::path path_;
};

/// A run's own scratch directory, locked while in use, removed at the end.
class Scratch {
public:
    explicit Scratch(const StateDirectory& state);
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return directory_.path(); }
    /// Makes and returns a directory in it.
    [[nodiscard]] std::filesystem::path subdirectory(const std::string& name, mode_t mode) const;

private:
    sys::OwnedDirectory directory_;
    sys::UniqueFd fd_; ///< carries the lock
};

/// A name for a run that sorts by time, down to milliseconds: 20260131T235959.123Z-0a1b2c.
[[nodiscard]] std::string new_run_id();

/// RFC 3339, UTC, seconds.
[[nodiscard]] std::string timestamp_now();

/// The file that says all of a run: its verbose report where that is there and whole, else its report.
[[nodiscard]] std::filesystem::path whole_report(const StateDirectory& state, const std::string& run);

/// Names of the recorded runs (those with a report), oldest first.
[[nodiscard]] std::vector<std::string> recorded_runs(const StateDirectory& state);

/// The recorded run that `wanted` names: wholly, by its beginning, or by its place from the end ("-1", "-2");
/// the last one when it is "last" or empty. Throws BadConfiguration when there is none, or several.
[[nodiscard]] std::string recorded_run(const StateDirectory& state, const std::string& wanted);

} // namespace disco::run
