#include "runner/dance/exec.hpp"

#include "runner/dance/action_run.hpp"
#include "runner/dance/change_recorder.hpp"
#include "runner/dance/confirmation.hpp"
#include "runner/dance/covered_changes.hpp"
#include "runner/dance/foreign_mounts.hpp"
#include "runner/dance/machine_end.hpp"
#include "runner/dance/missed_services.hpp"
#include "runner/dance/needless_reloads.hpp"
#include "runner/dance/notice_reader.hpp"
#include "runner/dance/package_locks.hpp"
#include "runner/dance/program_step.hpp"
#include "runner/dance/recover.hpp"
#include "runner/dance/shell_program.hpp"
#include "runner/dance/tree_commands.hpp"
#include "runner/dance/views.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/printable.hpp"

#include <optional>
#include <string_view>

#include <unistd.h>

#include <fmt/format.h>

namespace disco::dance {
namespace {

using model::Profile;
using model::RunMode;

const char* what_it_is(const ExecOptions& options) {
    return options.what == ExecOptions::What::shell ? "disco shell" : "disco exec";
}

class Exec {
public:
    Exec(const ExecOptions& options, const StateDirectory& state, Scratch& scratch, const std::string& node,
         Result& result)
        : options_{options},
          state_{state},
          result_{result},
          started_{options.merge == ExecOptions::Merge::never ? timespec{} : sys::passed_moment()},
          views_{options, state, scratch, node},
          recorder_{views_.layers(), *result.changes,
                    options.merge == ExecOptions::Merge::never ? ChangeRecorder::Use::report
                                                               : ChangeRecorder::Use::merge,
                    started_} {}

    void run() {
        const sandbox::Program program = build_program();
        PackageLocks locks;
        const bool may_merge = options_.merge != ExecOptions::Merge::never;
        views_.expect_room_for_attributes(may_merge);
        if (may_merge) locks = PackageLocks{views_.root(), options_.wait};
        model::ModuleReport& report = result_.run.modules.emplace_back(run_program(program));
        note_foreign_mounts(result_.run.modules, views_.mounts());
        if (report.outcome != model::ModuleOutcome::failed) {
            (void)recorder_.record(report);
            if (report.changes() != 0) report.outcome = model::ModuleOutcome::changed;
            views_.layers().keep(); // nothing runs on it
            refuse_covered_changes(result_.run.modules, recorder_);
        }
        drop_needless_reloads(result_.run, views_.host());
        note_modules(result_.run, recorder_.unit_files_changed() && systemd_runs(views_.host()));
        result_.run.fingerprint = recorder_.fingerprint(result_.run.modules);
        const bool pending = result_.run.outcome == model::RunOutcome::pending;
        const bool changes = pending && has_changes(result_.run);
        if (options_.merge == ExecOptions::Merge::never) {
            if (changes) recorder_.expect_merge();
            return;
        }
        if (!changes && recorder_.times_set() && options_.merge == ExecOptions::Merge::always &&
            !merge_times(result_.run, recorder_.trees(), state_, started_))
            return;
        if (!pending && recorder_.runtime_files().empty()) return;
        const bool wanted =
            options_.merge == ExecOptions::Merge::always || (options_.confirm && options_.confirm(result_));
        if (!wanted) return;
        result_.run.mode = RunMode::live;
        if (changes) merge_trees(result_.run, recorder_.trees(), state_, started_);
        locks.release(); // actions may be a package manager's
        if (changes && result_.run.outcome != model::RunOutcome::merged) return;
        if (const std::string failure = recorder_.put_runtime_files(); !failure.empty())
            note_followup_failure(result_.run, failure);
        run_actions(result_.run, views_.host());
    }

private:
    [[nodiscard]] bool shell() const noexcept { return options_.what == ExecOptions::What::shell; }
    [[nodiscard]] RunMode mode() const noexcept {
        return options_.merge == ExecOptions::Merge::never ? RunMode::noop : RunMode::live;
    }
    [[nodiscard]] Profile profile() const noexcept {
        if (mode() == RunMode::live) return Profile::live;
        return options_.profile == model::ScriptProfile::strict && !shell() ? Profile::strict
                                                                            : Profile::simulate;
    }
    [[nodiscard]] model::Phase phase() const noexcept {
        return shell() ? model::Phase::shell : model::Phase::script;
    }

    sandbox::Program build_program() {
        sandbox::Program program;
        const bool strict = profile() == Profile::strict;
        program.environment = views_.environment(mode(), "", model::to_string(phase()), strict);
        program.timeout = options_.timeout;
        if (shell()) {
            make_shell(program, find_shell(views_.root()),
                       options_.terminal < 0 ? ShellInput::stream : ShellInput::terminal, mode(),
                       options_.terminal_type);
        } else if (strict) {
            (void)find_command(options_.command.at(0), views_.root()); // tells when there is none
            views_.need_command_directory();
            program.path = "/bin/bash";
            program.argv = {"bash", "--restricted", "-c", "\"$@\"", "bash"};
            program.argv.insert(program.argv.end(), options_.command.begin(), options_.command.end());
        } else {
            program.path = find_command(options_.command.at(0), views_.root());
            program.argv = options_.command;
        }
        views_.confine(program, profile());
        return program;
    }

    model::ModuleReport run_program(const sandbox::Program& program) {
        const std::string name = sys::printable(shell() ? program.path : sys::quote_words(options_.command));
        const bool noop = mode() == RunMode::noop;
        const auto network = options_.network.value_or(model::Network::isolated);
        border::Broker broker{views_.guarded(), views_.host(),
                              noop ? border::Broker::Mode::noop : border::Broker::Mode::live, views_.called(),
                              views_.allowance()};
        sandbox::Sandbox box =
            views_.start({}, {.programs = {program},
                              .network = network,
                              .input = options_.terminal < 0 ? STDIN_FILENO : -1, // a terminal stays outside
                              .terminal = options_.terminal,
                              .broker = &broker});
        views_.layers().begin();
        views_.enter(box);
        model::ModuleReport report;
        if (auto notice = views_.networks().notice(network)) report.notices.push_back(std::move(*notice));
        recorder_.read_owners(box.root());
        if (options_.on_start) options_.on_start();
        NoticeReader notices{name};
        const sandbox::ProgramEnd end = box.run(0, [&](std::string_view bytes) {
            if (profile() == Profile::strict) notices.feed(bytes);
            if (options_.on_output) options_.on_output("", bytes);
        });
        if (options_.on_end) options_.on_end();
        recorder_.read_owners(box.root());
        for (model::Notice& notice : views_.networks().missed(box, name, "--network egress lets it"))
            report.notices.push_back(std::move(notice));
        views_.networks().disconnect();
        for (model::Notice& notice : notices.take()) report.notices.push_back(std::move(notice));
        enter_program(report, phase(), name, profile(), end);
        if (auto missed = missed_service(end.output, views_.root(), network == model::Network::host, name))
            report.notices.push_back(std::move(*missed));
        for (const border::Asked& asked : broker.take())
            if (asked.what != border::Asked::What::failure) // its own exit status is what counts here
                enter_asked(report, asked, name, mode());
        if (end.succeeded() || (shell() && end.how == sandbox::ProgramEnd::How::exited)) {
            views_.complete(box);
            return report;
        }
        report.outcome = model::ModuleOutcome::failed;
        report.reason = fmt::format("{} {}", shell() ? "the shell" : sys::printable(options_.command[0]),
                                    end.describe(program));
        return report;
    }

    const ExecOptions& options_;
    const StateDirectory& state_;
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
        lock = state.lock(what_it_is(options), options.wait);
        settle_earlier_runs(state);
        refuse_while_unconfirmed(state);
    }
    state.discard_stale_scratch();
    Scratch scratch{state};
    const RunMode mode = options.merge == ExecOptions::Merge::always ? RunMode::live : RunMode::noop;
    Result result{begin_report(what_it_is(options), options, mode, node),
                  std::make_unique<report::ChangeLog>(scratch.path())};
    try {
        Exec{options, state, scratch, node, result}.run();
    } catch (const sys::Error& error) {
        note_failure(result.run, error);
    }
    conclude(result, options, watch, state);
    end_machine(result, options, state);
    return result;
}

} // namespace disco::dance
