#pragma once

#include <filesystem>
#include <string>
#include <vector>

// Where `disco report` reads reports from.
namespace disco::cli {

struct ReportSource {
    std::filesystem::path report;  ///< as it was stored
    std::filesystem::path whole;   ///< the same with the differences of packages' files, where there are some
    std::filesystem::path scratch; ///< a directory for what is read
};

/// Whether a word names a file or a directory rather than a run of the state directory: it has a slash.
[[nodiscard]] bool is_path(const std::string& word);

/// The report that a word names: a run of the state directory, see run::recorded_run, or a path of a report
/// or of a run's directory. Throws BadConfiguration, SysError.
[[nodiscard]] ReportSource report_source(const std::string& word, const std::filesystem::path& state_dir);

/// All reports of the state directory.
[[nodiscard]] std::vector<ReportSource> recorded_sources(const std::filesystem::path& state_dir);

/// All reports at a path: that file; else the files named *.json in a directory and in those in it, and, some
/// directories deeper, those named report.json. No symlink below it is followed.
[[nodiscard]] std::vector<ReportSource> sources_at(const std::filesystem::path& path);

} // namespace disco::cli
