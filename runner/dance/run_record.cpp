#include "runner/dance/run_record.hpp"

#include "runner/dance/action_run.hpp"
#include "runner/dance/machine_end.hpp"
#include "runner/dance/old_runs.hpp"
#include "runner/merge/merger.hpp"
#include "runner/model/action_queue.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/overlay/upperdir_scan.hpp"
#include "runner/report/json_report.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::dance {

using model::ExitCode;
using model::RunOutcome;

model::RunReport begin_report(const std::string& command, const CommonOptions& options, model::RunMode mode,
                              const std::string& node) {
    model::RunReport run;
    run.command = command;
    run.id = new_run_id();
    run.node = node;
    run.mode = mode;
    run.root = std::filesystem::absolute(options.root).native();
    run.started = timestamp_now();
    run.version = options.version;
    return run;
}

std::string node_name(const CommonOptions& options) {
    std::string node = options.node;
    if (node.empty()) {
        std::array<char, 256> name = {};
        sys::check(::gethostname(name.data(), name.size() - 1), "get the host name");
        node = name.data();
    }
    model::check_component_name(node, "node");
    return node;
}

namespace {

void note_error(model::RunReport& run, const sys::Error& error) {
    run.failure = error.full_text();
    run.outcome = RunOutcome::failed;
    run.exit_code = static_cast<int>(ExitCode::failed);
    if (dynamic_cast<const sys::BadConfiguration*>(&error) != nullptr)
        run.exit_code = static_cast<int>(ExitCode::bad_configuration);
    if (dynamic_cast<const sys::TryAgain*>(&error) != nullptr)
        run.exit_code = static_cast<int>(ExitCode::try_again);
    if (const auto* changed = dynamic_cast<const overlay::ChangedMeanwhile*>(&error)) {
        run.outcome = RunOutcome::conflict;
        run.exit_code = static_cast<int>(ExitCode::conflict);
        run.failure.clear(); // it is told as all conflicts are
        run.merge.conflicts.push_back(changed->conflict());
    }
}

} // namespace

void note_failure(model::RunReport& run, const sys::Error& error) {
    const auto* interrupted = dynamic_cast<const sys::Interrupted*>(&error);
    if (run.outcome == RunOutcome::merged) { // it stays so, whatever happens afterwards
        note_followup_failure(run, error.full_text());
    } else {
        note_error(run, error);
        if (interrupted != nullptr) run.outcome = RunOutcome::interrupted;
    }
    if (interrupted != nullptr)
        run.exit_code = static_cast<int>(ExitCode::signal_base) + interrupted->signal();
}

void note_modules(model::RunReport& run, bool reload_units) {
    model::settle_actions(run.modules, reload_units);
    for (model::ModuleReport& module : run.modules)
        if (module.outcome == model::ModuleOutcome::in_sync && !module.actions.empty())
            module.outcome = model::ModuleOutcome::changed;
    const auto any = [&](model::ModuleOutcome outcome) {
        return std::any_of(run.modules.begin(), run.modules.end(),
                           [&](const auto& m) { return m.outcome == outcome; });
    };
    if (any(model::ModuleOutcome::failed)) {
        run.outcome = RunOutcome::failed;
        run.exit_code = static_cast<int>(ExitCode::failed);
    } else {
        run.outcome = any(model::ModuleOutcome::changed) ? RunOutcome::pending : RunOutcome::in_sync;
    }
}

bool has_changes(const model::RunReport& run) {
    return std::any_of(run.modules.begin(), run.modules.end(),
                       [](const auto& m) { return m.changes() != 0; });
}

void merge_trees(model::RunReport& run, std::vector<merge::TreeToMerge> trees, const StateDirectory& state,
                 const timespec& started, const MergeTerms& terms) {
    const Stopwatch watch;
    const merge::JournalHeading heading = {run.id, run.root, run.version, terms.rolls_back, terms.confirm};
    try {
        run.merge = merge::merge(std::move(trees), merge::UndoStore{state.undo()}, heading, started);
    } catch (const merge::Undone& error) {
        note_failure(run, error);
        run.outcome = RunOutcome::undone;
        run.exit_code = static_cast<int>(ExitCode::undone);
        return;
    } catch (const merge::UndoFailed& error) {
        note_failure(run, error);
        run.exit_code = static_cast<int>(ExitCode::undone);
        return;
    } catch (const sys::Error& error) {
        note_failure(run, error);
        return;
    }
    run.metrics.push_back(watch.step(model::Phase::merge, "merge"));
    run.outcome = run.merge.conflicts.empty() ? RunOutcome::merged : RunOutcome::conflict;
    if (!run.merge.conflicts.empty()) run.exit_code = static_cast<int>(ExitCode::conflict);
}

bool merge_times(model::RunReport& run, std::vector<merge::TreeToMerge> trees, const StateDirectory& state,
                 const timespec& started) {
    const RunOutcome outcome = run.outcome;
    merge_trees(run, std::move(trees), state, started);
    if (run.outcome != RunOutcome::merged) return false;
    run.outcome = outcome;
    return true;
}

namespace {

/// That of a live run is on the disk when this returns.
void store_report(const Result& result, const StateDirectory& state) {
    const auto directory = state.runs() / result.run.id;
    sys::make_directories(directory, 0700);
    const auto file = directory / "report.json", aside = directory / "report.json.new";
    const sys::UniqueFd fd{::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    if (!fd) throw sys::SysError{errno, "create", aside};
    report::write_json_report(result.run, *result.changes,
                              [&](std::string_view piece) { sys::write_all(fd.get(), piece, aside); });
    if (result.run.mode == model::RunMode::noop) {
        sys::check(::rename(aside.c_str(), file.c_str()), "rename to", file);
        return;
    }
    sys::check(::fsync(fd.get()), "sync", aside);
    sys::rename_durably(aside, file);
    sys::sync_directory(state.runs());
}

/// Empty when it did not.
std::string why_it_failed(const model::RunReport& run) {
    if (!run.failure.empty()) return run.failure;
    const auto failed = std::find_if(run.modules.begin(), run.modules.end(), [](const auto& module) {
        return module.outcome == model::ModuleOutcome::failed;
    });
    return failed == run.modules.end() ? "" : failed->reason;
}

/// What to do about actions that failed, once after all that says which ones did.
void advise(model::RunReport& run, const StateDirectory& state) {
    if (model::count_actions(run.modules).failed == 0) return;
    run.failure +=
        fmt::format("\n'{}' shows all that a failed action printed; no later run repeats one unless "
                    "a script asks for it again, so mend the cause and run it by hand",
                    state.hint(fmt::format("disco report {} --verbose", run.id)));
}

} // namespace

void conclude(Result& result, const CommonOptions& options, const Stopwatch& watch,
              const StateDirectory& state) {
    model::RunReport& run = result.run;
    note_machine_end(run, options);
    advise(run, state);
    const bool changes = run.outcome == RunOutcome::pending || run.outcome == RunOutcome::merged;
    if (run.exit_code == 0 && changes && options.detailed_exitcode)
        run.exit_code = static_cast<int>(ExitCode::changes);
    run.wall_s = watch.seconds();
    if (!result.changes) return;
    try {
        store_report(result, state);
    } catch (sys::Error& error) {
        // What became of the tree is the verdict, whether it can be recorded or not.
        const bool touched = run.outcome == RunOutcome::merged || run.outcome == RunOutcome::undone ||
                             run.exit_code == static_cast<int>(ExitCode::undone);
        if (!touched) {
            const std::string why = why_it_failed(run);
            error.add_context(fmt::format("run {} merged nothing{}, and its report cannot be stored", run.id,
                                          why.empty() ? "" : fmt::format(" ({})", why)));
            throw;
        }
        spdlog::error("the report of run {} is not stored: {}", run.id, error.full_text());
    }
    remove_old_runs(state, run, result.settings);
}

void record_again(const Result& result, const StateDirectory& state) {
    if (!result.changes) return;
    try {
        store_report(result, state);
    } catch (const sys::Error& error) {
        spdlog::error("the report of run {} does not tell that: {}", result.run.id, error.full_text());
    }
}

} // namespace disco::dance
