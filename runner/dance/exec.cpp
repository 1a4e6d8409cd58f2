#include "runner/dance/exec.hpp"

#include "policy/command_directory.hpp"
#include "runner/dance/action_run.hpp"
#include "runner/dance/change_recorder.hpp"
#include "runner/dance/confirmation.hpp"
#include "runner/dance/package_locks.hpp"
#include "runner/dance/program_step.hpp"
#include "runner/dance/recover.hpp"
#include "runner/dance/views.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/printable.hpp"

#include <optional>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::dance {
namespace {

using model::Profile;
using model::RunMode;
using overlay::Layers;

/// The command's path in the tree, looked up as execvp(3) does. The PATH is the one the command will see.
std::string find_command(const std::string& name, const std::filesystem::path& root) {
    if (name.find('/') != std::string::npos) return name;
    const sys::UniqueFd tree = sys::open_directory(root);
    for (const char* directory : policy::command_directories) {
        std::string candidate = fmt::format("{}/{}", directory, name);
        const auto file = sys::try_open_in_root(tree.get(), candidate, O_PATH);
        struct stat status = {};
        if (file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
            (status.st_mode & 0111) != 0)
            return candidate;
    }
    throw sys::BadConfiguration{
        fmt::format("there is no command '{}' in '{}'", sys::printable(name), root.string())};
}

class Exec {
public:
    Exec(const ExecOptions& options, const StateDirectory& state, Scratch& scratch, const std::string& node,
         Result& result)
        : options_{options},
          state_{state},
          scratch_{scratch},
          result_{result},
          started_{options.merge == ExecOptions::Merge::never ? timespec{} : sys::passed_moment()},
          views_{options, state, scratch, node},
          recorder_{views_.layers(), *result.changes} {}

    void run() {
        const std::string path = find_command(options_.command.at(0), views_.root());
        model::ModuleReport& report = result_.run.modules.emplace_back();
        PackageLocks locks;
        if (options_.merge != ExecOptions::Merge::never) locks = PackageLocks{views_.root(), options_.wait};
        run_command(path, report);
        enter_copied_guards(report, views_.remove_guard_traces());
        if (report.outcome != model::ModuleOutcome::failed) {
            recorder_.record(report);
            if (report.changes() != 0) report.outcome = model::ModuleOutcome::changed;
            views_.layers().keep(); // nothing runs on it
        }
        note_modules(result_.run);
        result_.run.fingerprint = recorder_.fingerprint();
        if (options_.merge == ExecOptions::Merge::never) return;
        if (result_.run.outcome == model::RunOutcome::in_sync && options_.merge == ExecOptions::Merge::always)
            locks.release(), run_actions(result_.run, views_.host());
        if (result_.run.outcome != model::RunOutcome::pending) return;
        const bool wanted =
            options_.merge == ExecOptions::Merge::always || (options_.confirm && options_.confirm(result_));
        if (!wanted) return;
        result_.run.mode = RunMode::live;
        merge_trees(result_.run, recorder_.trees(), state_, started_);
        locks.release(); // actions may be a package manager's
        if (result_.run.outcome == model::RunOutcome::merged) run_actions(result_.run, views_.host());
    }

private:
    void run_command(const std::string& path, model::ModuleReport& report) {
        const RunMode mode = options_.merge == ExecOptions::Merge::never ? RunMode::noop : RunMode::live;
        const Profile profile = mode == RunMode::noop ? Profile::simulate : Profile::live;
        sandbox::Program program;
        program.path = path;
        program.argv = options_.command;
        program.environment = views_.environment(mode, "", model::to_string(model::Phase::script), false);
        views_.confine(program, profile);
        program.timeout = options_.timeout;
        const auto durability =
            mode == RunMode::noop ? Layers::Durability::volatile_ : Layers::Durability::durable;
        const auto network = options_.network.value_or(model::Network::isolated);
        actions::Broker broker{views_.guarded(), views_.host(),
                               mode == RunMode::noop ? actions::Broker::Mode::noop
                                                     : actions::Broker::Mode::live};
        sandbox::Sandbox box = views_.start({}, {.programs = {program},
                                                 .network = network,
                                                 .durability = durability,
                                                 .input = STDIN_FILENO,
                                                 .broker = &broker});
        views_.layers().begin();
        views_.enter(box);
        if (auto notice = views_.networks().notice(network)) report.notices.push_back(std::move(*notice));
        recorder_.read_owners(box.root());
        const sandbox::ProgramEnd end = box.run(0, [&](std::string_view bytes) {
            if (options_.on_output) options_.on_output("", bytes);
        });
        recorder_.read_owners(box.root());
        views_.networks().disconnect();
        enter_program(report, model::Phase::script, sys::printable(sys::quote_words(options_.command)),
                      profile, end);
        for (const actions::Asked& asked : broker.take())
            enter_asked(report, asked, report.steps.back().name, mode);
        if (end.succeeded()) return;
        report.outcome = model::ModuleOutcome::failed;
        report.reason = fmt::format("{} {}", sys::printable(options_.command[0]), end.describe(program));
    }

    const ExecOptions& options_;
    const StateDirectory& state_;
    Scratch& scratch_;
    Result& result_;
    timespec started_;
    Views views_;
    ChangeRecorder recorder_;
};

} // namespace

Result exec(const ExecOptions& options) {
    const Stopwatch watch;
    const std::string node = node_name(options);
    const StateDirectory state{options.state_dir};
    // A no-op has a scratch directory of its own and changes nothing else, so any number may run at once.
    std::optional<sys::FileLock> lock;
    if (options.merge != ExecOptions::Merge::never) {
        lock = state.lock("disco exec", options.wait);
        settle_earlier_runs(state);
        refuse_while_unconfirmed(state);
    }
    state.discard_stale_scratch();
    Scratch scratch{state};
    const RunMode mode = options.merge == ExecOptions::Merge::always ? RunMode::live : RunMode::noop;
    Result result{begin_report("disco exec", options, mode, node),
                  std::make_unique<report::ChangeLog>(scratch.path())};
    try {
        Exec{options, state, scratch, node, result}.run();
    } catch (const sys::Error& error) {
        note_failure(result.run, error);
    }
    conclude(result, options, watch, state);
    return result;
}

} // namespace disco::dance
