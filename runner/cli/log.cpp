#include "runner/cli/log.hpp"

#include "runner/cli/console.hpp"
#include "runner/model/words.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

namespace disco::cli {
namespace {

constexpr const char* outside_of_runs = "disco"; ///< the log's name

/// Where the journal listens.
std::filesystem::path& journal() {
    static std::filesystem::path place = sys::journal_socket;
    return place;
}

/// LOG_ERR and its like of syslog(3).
int priority(LogLevel level) {
    switch (level) {
    case LogLevel::trace:
    case LogLevel::debug: return 7;
    case LogLevel::info: return 6;
    case LogLevel::warning: return 4;
    case LogLevel::error: return 3;
    }
    return 3; // not reached: -Wswitch guards the list
}

LogLevel level_of(spdlog::level::level_enum level) {
    switch (level) {
    case spdlog::level::trace: return LogLevel::trace;
    case spdlog::level::debug: return LogLevel::debug;
    case spdlog::level::info: return LogLevel::info;
    case spdlog::level::warn: return LogLevel::warning;
    default: return LogLevel::error;
    }
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
    case LogLevel::trace: return spdlog::level::trace;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::trace; // not reached: -Wswitch guards the list
}

/// Threads may use it at the same time: each message is one write, and nothing is kept.
std::function<void()>& preparation() {
    static std::function<void()> only;
    return only;
}

/// Threads that log may find it while it is replaced.
std::atomic<std::shared_ptr<const model::SecretMask>>& secrets() {
    static std::atomic<std::shared_ptr<const model::SecretMask>> only;
    return only;
}

class StandardError final : public spdlog::sinks::sink {
public:
    void log(const spdlog::details::log_msg& message) override {
        write_log(level_of(message.level), {message.payload.data(), message.payload.size()},
                  fields_of_log({message.logger_name.data(), message.logger_name.size()}));
    }
    void flush() override {}
    void set_pattern(const std::string& /*pattern*/) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}
};

} // namespace

const char* to_string(LogLevel level) {
    switch (level) {
    case LogLevel::trace: return "trace";
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
    }
    return "?";
}

std::optional<LogLevel> parse_log_level(std::string_view name) { return model::value_of<LogLevel>(name); }

LogLevel log_level_from(std::optional<LogLevel> option, const char* environment) {
    if (option) return *option;
    const std::string_view name = environment == nullptr ? "" : environment;
    if (name.empty()) return usual_log_level;
    if (const auto level = parse_log_level(name)) return *level;
    throw sys::UsageError{
        fmt::format("the environment's DISCO_LOG is '{}', which is no level of the log: set it to "
                    "trace, debug, info, warning or error, or unset it",
                    sys::printable(std::string{name}))};
}

LogReader reader_of(const char* journal_stream, dev_t device, ino_t inode) {
    const std::string_view named = journal_stream == nullptr ? "" : journal_stream;
    return named == fmt::format("{}:{}", device, inode) ? LogReader::journal : LogReader::people;
}

LogReader log_reader(int fd) {
    struct stat file = {};
    if (::fstat(fd, &file) != 0) return LogReader::people;
    return reader_of(std::getenv("JOURNAL_STREAM"), file.st_dev, file.st_ino);
}

std::string log_lines(LogLevel level, std::string_view text, LogReader reader, const LogFields& fields) {
    const std::string before = reader == LogReader::journal ? fmt::format("<{}>", priority(level)) : "";
    std::string lines = before + "disco: " + to_string(level) + ": ";
    for (const auto& [name, value] : fields)
        if (reader == LogReader::journal && name == "DISCO_RUN") lines += fmt::format("run {}: ", value);
    for (const char byte : text) {
        lines += byte;
        if (byte == '\n') lines += before;
    }
    return lines + "\n";
}

void before_log(std::function<void()> prepare) { preparation() = std::move(prepare); }

LogFields entry_fields(LogLevel level, std::string_view text, const LogFields& fields) {
    LogFields all = {{"MESSAGE", std::string{text}},
                     {"PRIORITY", std::to_string(priority(level))},
                     {"SYSLOG_IDENTIFIER", "disco"}};
    all.insert(all.end(), fields.begin(), fields.end());
    return all;
}

LogFields fields_of_log(std::string_view name) {
    const std::size_t blank = name.find(' ');
    if (blank == std::string_view::npos) return {};
    return {{"DISCO_RUN", std::string{name.substr(0, blank)}},
            {"DISCO_NODE", std::string{name.substr(blank + 1)}}};
}

void keep_out_of_log(const model::SecretMask& mask) {
    secrets().store(mask.empty() ? nullptr : std::make_shared<const model::SecretMask>(mask));
}

namespace {

void write_masked(LogLevel level, std::string_view text, const LogFields& fields) {
    if (preparation()) preparation()();
    const LogReader reader = log_reader();
    if (reader == LogReader::journal &&
        sys::send_to_journal(sys::journal_entry(entry_fields(level, text, fields)), journal()))
        return;
    try {
        write_to(STDERR_FILENO, log_lines(level, text, reader, fields));
    } catch (
        const sys::SysError&) { // after a hang-up, say: nobody is left to read it, and the exit code stays
    }
}

} // namespace

void write_log(LogLevel level, std::string_view text, const LogFields& fields) {
    const std::shared_ptr<const model::SecretMask> mask = secrets().load();
    if (!mask) return write_masked(level, text, fields);
    LogFields masked = fields;
    for (auto& [name, value] : masked) value = mask->masked(value);
    write_masked(level, mask->masked(text), masked);
}

void set_up_log(const std::filesystem::path& place) {
    journal() = place;
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>(outside_of_runs, std::make_shared<StandardError>()));
    show_log_from(usual_log_level);
}

void show_log_from(LogLevel level) { spdlog::set_level(spdlog_level(level)); }

} // namespace disco::cli
