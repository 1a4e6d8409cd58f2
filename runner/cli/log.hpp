#pragma once

#include "runner/model/secret_mask.hpp"
#include "runner/sys/system_log.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>
#include <unistd.h>

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

/// Who reads standard error.
enum class LogReader { people, journal };

/// Whether JOURNAL_STREAM, null when it is not set, names a file (systemd.exec(5)): then the journal reads
/// it. Pure.
[[nodiscard]] LogReader reader_of(const char* journal_stream, dev_t device, ino_t inode);

/// The same of standard error, or another descriptor, as it is now.
[[nodiscard]] LogReader log_reader(int fd = STDERR_FILENO);

/// What an entry of the journal is about: DISCO_RUN, DISCO_NODE, DISCO_MODULE, DISCO_PATH and others, which
/// disco(8) lists.
using LogFields = std::vector<sys::LogField>;

/// "disco: warning: TEXT", with a newline. For a journal that takes no entries each line has its priority,
/// which the journal takes from its beginning (sd-daemon(3)), and the run's id where `fields` have it:
/// "<4>disco: warning: run ID: TEXT". Pure.
[[nodiscard]] std::string log_lines(LogLevel level, std::string_view text, LogReader reader,
                                    const LogFields& fields = {});

/// The whole entry: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, and `fields`. Pure.
[[nodiscard]] LogFields entry_fields(LogLevel level, std::string_view text, const LogFields& fields);

/// Of the name of a log: "RUN NODE", as run::carry_out names it; any other is of no run. Pure.
[[nodiscard]] LogFields fields_of_log(std::string_view name);

/// Where the journal reads standard error, sends it an entry; else, or when it takes none, writes to standard
/// error, and waits until that is taken. Does not throw when it cannot be written to.
void write_log(LogLevel level, std::string_view text, const LogFields& fields = {});

/// From now on these secrets are masked in what is logged, in the journal's fields too.
void keep_out_of_log(const model::SecretMask& mask);

/// Is called before anything is written to standard error; empty: nothing is.
void before_log(std::function<void()> prepare);

/// From now on what the program logs (spdlog) is written so; as much of it as `show_log_from` says.
/// `journal`: where the journal listens.
void set_up_log(const std::filesystem::path& journal = sys::journal_socket);
void show_log_from(LogLevel level);

} // namespace disco::cli
