#include "runner/run/run_record.hpp"

#include "runner/merge/merger.hpp"
#include "runner/model/action_queue.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/overlay/upperdir_scan.hpp"
#include "runner/report/json_report.hpp"
#include "runner/run/action_run.hpp"
#include "runner/run/machine_end.hpp"
#include "runner/run/old_runs.hpp"
#include "runner/sys/atomic_file.hpp"
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

namespace disco::run {

using model::ExitCode;
using model::RunOutcome;

void Result::keep_out(model::SecretMask secrets) {
    mask = std::move(secrets);
    changes->keep_out(mask, plain_changes.get());
}

Seen recorded(const Result& result) { return {{result.run, result.mask}, *result.changes}; }

Seen shown(const Result& result) {
    return result.plain_changes ? Seen{{result.run, {}}, *result.plain_changes} : recorded(result);
}

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
    run.exit_code = ExitCode::failed;
    if (dynamic_cast<const sys::BadConfiguration*>(&error) != nullptr)
        run.exit_code = ExitCode::bad_configuration;
    if (dynamic_cast<const sys::TryAgain*>(&error) != nullptr) run.exit_code = ExitCode::try_again;
    if (const auto* changed = dynamic_cast<const overlay::ChangedMeanwhile*>(&error)) {
        run.outcome = RunOutcome::conflict;
        run.exit_code = ExitCode::conflict;
        run.failure.clear(); // it is reported as all conflicts are
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
    if (interrupted != nullptr) run.exit_code = model::interrupted_by(interrupted->signal());
}

void note_modules(model::RunReport& run, bool reload_units) {
    model::conclude_actions(run.modules, reload_units);
    for (model::ModuleReport& module : run.modules)
        if (module.outcome == model::ModuleOutcome::in_sync && !module.actions.empty())
            module.outcome = model::ModuleOutcome::changed;
    const auto any = [&](model::ModuleOutcome outcome) {
        return std::any_of(run.modules.begin(), run.modules.end(),
                           [&](const auto& m) { return m.outcome == outcome; });
    };
    if (any(model::ModuleOutcome::failed)) {
        run.outcome = RunOutcome::failed;
        run.exit_code = ExitCode::failed;
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
        run.exit_code = ExitCode::undone;
        return;
    } catch (const merge::UndoFailed& error) {
        note_failure(run, error);
        run.exit_code = ExitCode::undone;
        return;
    } catch (const sys::Error& error) {
        note_failure(run, error);
        return;
    }
    run.metrics.push_back(watch.step(model::Phase::merge, "merge"));
    run.outcome = run.merge.conflicts.empty() ? RunOutcome::merged : RunOutcome::conflict;
    if (!run.merge.conflicts.empty()) run.exit_code = ExitCode::conflict;
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
    const auto file_name = state.report(result.run.id);
    const auto directory = file_name.parent_path();
    sys::make_directories(directory, 0700);
    const bool durable = result.run.mode == model::RunMode::live;
    const Seen seen = recorded(result);
    const auto store = [&](const std::filesystem::path& name, report::Contents contents) {
        sys::AtomicFile file{name};
        report::write_json_report(*seen.run, seen.changes, contents,
                                  [&](std::string_view piece) { file.write(piece); });
        if (durable) file.sync();
        file.commit();
    };
    if (result.changes->can_be_short()) store(state.verbose_report(result.run.id), report::Contents::all);
    store(file_name, report::Contents::short_); // last: with it the run is recorded
    if (!durable) return;
    sys::sync_directory(directory);
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
    if (run.exit_code == ExitCode::done && changes && options.detailed_exitcode)
        run.exit_code = ExitCode::changes;
    run.wall_s = watch.seconds();
    if (!result.changes) return;
    try {
        store_report(result, state);
    } catch (sys::Error& error) {
        // What became of the tree is the verdict, whether it can be recorded or not.
        const bool touched = run.outcome == RunOutcome::merged || run.outcome == RunOutcome::undone ||
                             run.exit_code == ExitCode::undone;
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
        spdlog::error("the report of run {} does not say that: {}", result.run.id, error.full_text());
    }
}

} // namespace disco::run
