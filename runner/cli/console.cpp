#include "runner/cli/console.hpp"

#include "runner/cli/log.hpp"
#include "runner/cli/result_entries.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/printable_line.hpp"
#include "runner/sys/text.hpp"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

bool wants_color(Color color, int fd) {
    switch (color) {
    case Color::always: return true;
    case Color::never: return false;
    case Color::automatic: break;
    }
    return std::getenv("NO_COLOR") == nullptr && obeys_controls(fd);
}

/// What the locale says (locale(7)); without any the reader is taken to be of today.
bool reads_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        const std::string locale = sys::lower_case(value);
        return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
    }
    return true;
}

} // namespace

bool obeys_controls(int fd) {
    const char* type = std::getenv("TERM");
    return type != nullptr && std::string_view{type} != "dumb" && ::isatty(fd) == 1;
}

OutputStream::~OutputStream() {
    try {
        flush();
    } catch (const sys::Error&) { // the report that follows meets the same and says so
    }
}

void OutputStream::pass(std::string_view module, std::string_view bytes) {
    if (quiet_) return;
    if (module != module_) end_line();
    module_ = module;
    for (;;) {
        const std::size_t end = bytes.find('\n');
        partial_ += bytes.substr(0, end);
        if (end == std::string_view::npos) break;
        print(partial_);
        partial_.clear();
        bytes.remove_prefix(end + 1);
    }
    constexpr std::size_t longest = 8192; // a program that never ends its line shows what it has
    if (partial_.size() > longest) end_line();
    writer_.write(std::exchange(lines_, {}));
}

void OutputStream::flush() {
    end_line();
    writer_.finish();
}

void OutputStream::end_line() {
    if (!partial_.empty()) print(partial_);
    partial_.clear();
    writer_.write(std::exchange(lines_, {}));
}

void OutputStream::print(std::string_view line) {
    if (!module_.empty()) lines_ += module_ + " | ";
    lines_ += sys::printable_text(mask_.masked(sys::line_at_its_end(line))) + "\n";
}

void occupy_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
        while (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            // The lowest number that is free; programs that are executed have it as well.
            sys::check(::open("/dev/null", O_RDWR), "open", "/dev/null"); // NOLINT(android-cloexec-open)
}

void forget_typed_ahead() {
    // In the background that would stop this process (SIGTTOU), and what is typed is somebody else's.
    if (::isatty(STDIN_FILENO) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp())
        ::tcflush(STDIN_FILENO, TCIFLUSH);
}

void write_to(int fd, std::string_view bytes) {
    sys::PatientWriter writer{fd};
    writer.write(bytes);
    writer.finish();
}

report::TextStyle text_style(const Output& output, int fd) {
    report::TextStyle style;
    style.detail = output.detail;
    style.color = wants_color(output.color, fd);
    style.ascii = !reads_utf8();
    style.only = output.only;
    winsize size = {};
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40) style.width = size.ws_col;
    return style;
}

int people_of(const Output& output) {
    return any_on_standard_output(output.targets) ? STDERR_FILENO : STDOUT_FILENO;
}

void write_reports(const run::Result& result, const Output& output) {
    const auto contents =
        output.detail == report::Detail::verbose ? report::Contents::all : report::Contents::short_;
    const run::Seen shown = run::shown(result);
    write_targets(output.targets, [&](const ReportTarget& target, const WritePiece& write) {
        row_of(target.format).write(*shown.run, shown.changes, contents, write);
    });
    const bool is_reason_alone = result.run.modules.empty() && !result.run.failure.empty();
    if (log_reader() != LogReader::journal || is_reason_alone) return; // which has no use for a report
    const run::Seen recorded = run::recorded(result);
    for (const LogEntry& entry : entries_of_result(*recorded.run, recorded.changes))
        write_log(entry.level, entry.text, entry.fields);
}

void print_text(const run::Result& result, const Output& output, int people) {
    std::string text; // few, large writes
    const run::Seen shown = run::shown(result);
    report::write_text_report(*shown.run, shown.changes, text_style(output, people),
                              [&](std::string_view piece) {
                                  text += piece;
                                  if (text.size() < 65536) return;
                                  write_to(people, text);
                                  text.clear();
                              });
    write_to(people, text);
}

void print_error(std::string_view text) { write_log(LogLevel::error, text); }

} // namespace disco::cli
