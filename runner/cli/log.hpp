#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

// The log: what goes on meanwhile, warnings and errors, on standard error. What a report says is not in it.
namespace disco::cli {

enum class LogLevel { trace, debug, info, warning, error };
inline constexpr LogLevel usual_log_level = LogLevel::warning;

[[nodiscard]] const char* to_string(LogLevel level); ///< "trace", …
/// Nothing when no level has that name.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view name);

/// The least level that is shown: what the option says, else the environment's DISCO_LOG (null or empty: it
/// is not set), else the usual one. Throws UsageError for a DISCO_LOG that is no level. Pure.
[[nodiscard]] LogLevel log_level_from(std::optional<LogLevel> option, const char* environment);

/// Who reads standard error. The journal takes the priority of a line from its beginning (sd-daemon(3)).
enum class LogReader { people, journal };

/// Whether JOURNAL_STREAM, null when it is not set, names a file (systemd.exec(5)): then the journal reads
/// it. Pure.
[[nodiscard]] LogReader reader_of(const char* journal_stream, dev_t device, ino_t inode);

/// The same of standard error as it is now.
[[nodiscard]] LogReader log_reader();

/// "disco: warning: TEXT", with a newline; for the journal each line with its priority, and with the run's id
/// where it is of a run: "<4>disco: warning: run ID: TEXT". Pure.
[[nodiscard]] std::string log_lines(LogLevel level, std::string_view text, LogReader reader,
                                    std::string_view run = {});

/// Writes to standard error, and waits until it is taken. Does not throw when it cannot be written to.
void write_log(LogLevel level, std::string_view text, std::string_view run = {});

/// Is called before anything is written to standard error; empty: nothing is.
void before_log(std::function<void()> prepare);

/// From now on what the program logs (spdlog) is written so; as much of it as `show_log_from` says.
void set_up_log();
void show_log_from(LogLevel level);

} // namespace disco::cli
