#include "runner/run/old_runs.hpp"

#include "runner/fetch/parameter_store.hpp"
#include "runner/merge/undo_store.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <vector>

#include <sys/stat.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::run {
namespace {

std::uint64_t report_size(const StateDirectory& state, const std::string& run) {
    std::uint64_t bytes = 0;
    for (const auto& file : {state.report(run), state.verbose_report(run)})
        if (const auto status = sys::stat_path(file)) // none: a run was killed as it wrote it
            bytes += static_cast<std::uint64_t>(status->st_size);
    return bytes;
}

/// Where the file system counts subdirectories as links of their directory, which most do, that is the
/// answer.
bool may_be_more_than(const std::filesystem::path& directory, std::size_t subdirectories) {
    const auto status = sys::stat_path(directory);
    return status && (status->st_nlink < 2 || status->st_nlink - 2 > subdirectories);
}

} // namespace

void prune_reports(const StateDirectory& state, const std::string& run, const ReportLimits& limits) {
    const bool large = report_size(state, run) > limits.bytes / limits.runs;
    if (!large && !may_be_more_than(state.runs(), limits.runs)) return;
    struct Report {
        std::string run;
        std::uint64_t bytes;
    };
    std::vector<Report> reports; // sorted by name, which is by age
    std::uint64_t bytes = 0;
    const sys::UniqueFd directory = sys::open_directory(state.runs());
    for (sys::DirectoryEntry& entry : sys::list_directory(directory.get(), state.runs()))
        reports.push_back({std::move(entry.name), 0});
    if (!large && reports.size() <= limits.runs) return;
    for (Report& report : reports) bytes += report.bytes = report_size(state, report.run);
    const std::vector<std::string> undoable = merge::UndoStore{state.undo()}.undoable();
    std::size_t left = reports.size();
    for (const Report& report : reports) {
        if (left <= limits.runs && bytes <= limits.bytes) return;
        if (report.run >= run || std::find(undoable.begin(), undoable.end(), report.run) != undoable.end())
            continue;
        bytes -= report.bytes;
        --left;
        sys::remove_tree_at(directory.get(), report.run);
    }
}

void remove_old_runs(const StateDirectory& state, const model::RunReport& run,
                     const std::optional<ClientSettings>& known) {
    const bool merged = !run.merge.undo.empty();
    if (!known && !merged) return;
    try {
        const ClientSettings settings = known ? *known : settings_of({state.path(), run.node});
        if (merged) merge::UndoStore{state.undo()}.prune({settings.undo_runs, settings.undo_mib << 20});
        prune_reports(state, run.id, {settings.report_runs, settings.report_mib << 20});
    } catch (const sys::Error& error) {
        spdlog::warn("cannot remove what is left of old runs: {}", error.full_text());
    }
}

} // namespace disco::run
