#include "runner/cli/report_source.hpp"

#include "runner/run/state.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* report_name = "report.json";
constexpr const char* verbose_name = "verbose.json";

/// Follows symlinks: it is a path that somebody has given.
struct stat status_of(const fs::path& path) {
    struct stat status = {};
    sys::check(::stat(path.c_str(), &status), "read the report", path);
    return status;
}

/// To open a FIFO would wait, and a device may act.
ReportSource file_source(const fs::path& file) {
    if (!S_ISREG(status_of(file).st_mode))
        throw sys::BadConfiguration{fmt::format("'{}' is neither a report nor the directory of a run",
                                                sys::printable(file.string()))};
    return {file, file, fs::temp_directory_path()};
}

ReportSource in_directory(const fs::path& directory) {
    ReportSource source = file_source(directory / report_name);
    if (sys::stat_path(directory / verbose_name)) source.whole = directory / verbose_name;
    return source;
}

void add_below(const fs::path& directory, int depth, std::vector<ReportSource>& found) {
    constexpr int deepest = 6;
    const sys::UniqueFd fd = sys::try_open_real_directory(directory);
    if (!fd) return;
    for (const sys::DirectoryEntry& entry : sys::list_directory(fd.get(), directory)) {
        const bool wanted = entry.name == report_name ||
                            (depth <= 1 && entry.name.ends_with(".json") && entry.name != verbose_name);
        if (entry.type == DT_DIR && depth < deepest) add_below(directory / entry.name, depth + 1, found);
        if (entry.type != DT_REG || !wanted) continue;
        found.push_back(entry.name == report_name ? in_directory(directory)
                                                  : file_source(directory / entry.name));
    }
}

} // namespace

bool is_path(const std::string& word) { return word.find('/') != std::string::npos; }

ReportSource report_source(const std::string& word, const fs::path& state_dir) {
    if (is_path(word)) // by a link that was given, too
        return S_ISDIR(status_of(word).st_mode) ? in_directory(fs::canonical(word))
                                                : file_source(fs::canonical(word));
    const run::StateDirectory state{state_dir, run::StateDirectory::Missing::leave};
    const std::string id = run::recorded_run(state, word);
    return {state.report(id), run::whole_report(state, id), state.path() / "scratch"};
}

std::vector<ReportSource> recorded_sources(const fs::path& state_dir) {
    const run::StateDirectory state{state_dir, run::StateDirectory::Missing::leave};
    std::vector<ReportSource> found;
    for (const std::string& id : run::recorded_runs(state))
        found.push_back({state.report(id), run::whole_report(state, id), state.path() / "scratch"});
    return found;
}

std::vector<ReportSource> sources_at(const fs::path& path) {
    if (!S_ISDIR(status_of(path).st_mode)) return {file_source(fs::canonical(path))};
    std::vector<ReportSource> found;
    // By a link that was given, too.
    add_below(fs::canonical(path), 0, found);
    return found;
}

} // namespace disco::cli
