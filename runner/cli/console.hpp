#pragma once

#include "runner/cli/report_target.hpp"
#include "runner/model/secret_mask.hpp"
#include "runner/report/text_report.hpp"
#include "runner/run/run_record.hpp"
#include "runner/sys/patient_writer.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

// What people see: standard output for reports, standard error for what happens meanwhile and for errors.
namespace disco::cli {

enum class Color { automatic, always, never };

/// Where reports go, and how they look.
struct Output {
    report::Detail detail = report::Detail::changes;
    Color color = Color::automatic;
    std::vector<ReportTarget> targets; ///< for programs, besides the text for people
    model::PathGlobs only{};           ///< see report::TextStyle
    bool show_secrets = false;
};

/// Passes on what scripts print to standard error, each line with its module's name, and control characters
/// escaped.
class OutputStream {
public:
    explicit OutputStream(bool quiet) : quiet_{quiet} {}
    OutputStream(const OutputStream&) = delete;
    OutputStream& operator=(const OutputStream&) = delete;
    ~OutputStream();
    /// Masks them in what comes from now on.
    void keep_out(const model::SecretMask& secrets) { mask_ = secrets; }
    /// Does not wait for standard error to take it.
    void pass(std::string_view module, std::string_view bytes);
    /// Ends an unfinished line. Does not wait for standard error to take it.
    void end_line();
    /// The same, and waits until all is written; see sys::PatientWriter.
    void flush();
    [[nodiscard]] sys::PatientWriter& writer() noexcept { return writer_; }

private:
    void print(std::string_view line);
    bool quiet_;
    model::SecretMask mask_;
    sys::PatientWriter writer_{STDERR_FILENO};
    std::string module_, partial_;
    std::string lines_; ///< of one `pass`: few, large writes
};

/// Standard input, output and error that are closed become /dev/null, so that no other file gets their
/// numbers.
void occupy_standard_descriptors();

/// What was typed on the terminal so far, when nobody had asked yet, answers no question that comes now.
void forget_typed_ahead();

/// Writes to a descriptor, and waits until all is written; see sys::PatientWriter.
void write_to(int fd, std::string_view bytes);

/// The descriptor that people read: standard error when standard output is for a report for programs.
[[nodiscard]] int people_of(const Output& output);

/// Writes the reports of a run that `output` asks for, but the text. In the journal a line says what failed.
void write_reports(const run::Result& result, const Output& output);

/// Prints the text report to a descriptor.
void print_text(const run::Result& result, const Output& output, int people);

/// Prints an error and what was being done, as "disco: error: …" on standard error. Does not throw when that
/// cannot be written to.
void print_error(std::string_view text);

/// Whether a descriptor is a terminal that colours and the like can be written to, as the environment's TERM
/// says.
[[nodiscard]] bool obeys_controls(int fd);

[[nodiscard]] report::TextStyle text_style(const Output& output, int fd);

} // namespace disco::cli
