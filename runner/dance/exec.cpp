#include "runner/dance/exec.hpp"

#include "runner/dance/shell_program.hpp"
#include "runner/dance/tree_commands.hpp"
#include "runner/module/missed_services.hpp"
#include "runner/module/notice_reader.hpp"
#include "runner/module/program_step.hpp"
#include "runner/run/needless_reloads.hpp"
#include "runner/run/package_locks.hpp"
#include "runner/run/run.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/printable.hpp"
#include "runner/undo/claim.hpp"
#include "runner/undo/follow_up.hpp"
#include "runner/view/change_recorder.hpp"
#include "runner/view/covered_changes.hpp"
#include "runner/view/foreign_mounts.hpp"
#include "runner/view/views.hpp"

#include <optional>
#include <string_view>

#include <unistd.h>

#include <fmt/format.h>

namespace disco::dance {
namespace {

using model::Profile;
using model::RunMode;

const char* what_it_is(const ExecOptions& options) {
    return options.kind == ExecOptions::Kind::shell ? "disco shell" : "disco exec";
}

class Exec {
public:
    Exec(const ExecOptions& options, const run::Run& run)
        : options_{options},
          state_{run.state},
          result_{run.result},
          started_{options.merge == ExecOptions::Merge::never ? timespec{} : sys::passed_moment()},
          views_{options, run.state, run.scratch, run.result.run.node},
          recorder_{views_.layers(), *run.result.changes,
                    options.merge == ExecOptions::Merge::never ? view::ChangeRecorder::Use::report
                                                               : view::ChangeRecorder::Use::merge,
                    started_,
                    run.result.plain_changes ? view::ChangeRecorder::Redacted::shown
                                             : view::ChangeRecorder::Redacted::hidden} {}

    void run() {
        refuse_unknown_secrets();
        const sandbox::Program program = build_program();
        run::PackageLocks locks;
        const bool may_merge = options_.merge != ExecOptions::Merge::never;
        views_.expect_room_for_attributes(may_merge);
        if (may_merge) locks = run::PackageLocks{views_.root(), options_.wait};
        model::ModuleReport& report = result_.run.modules.emplace_back(run_program(program));
        view::note_foreign_mounts(result_.run.modules, views_.mounts());
        if (report.outcome != model::ModuleOutcome::failed) {
            (void)recorder_.record(report);
            if (report.changes() != 0) report.outcome = model::ModuleOutcome::changed;
            views_.layers().keep(); // nothing runs on it
            view::refuse_covered_changes(result_.run.modules, recorder_);
        }
        run::drop_needless_reloads(result_.run, views_.host());
        run::note_modules(result_.run, recorder_.unit_files_changed() && views_.systemd_runs());
        result_.run.fingerprint = recorder_.fingerprint(result_.run.modules);
        const bool pending = result_.run.outcome == model::RunOutcome::pending;
        const bool changes = pending && run::has_changes(result_.run);
        if (options_.merge == ExecOptions::Merge::never) {
            if (changes) recorder_.expect_merge();
            return;
        }
        if (!changes && recorder_.times_set() && options_.merge == ExecOptions::Merge::always &&
            !run::merge_times(result_.run, recorder_.trees(), state_, started_))
            return;
        if (!pending && recorder_.runtime_files().empty()) return;
        const bool wanted =
            options_.merge == ExecOptions::Merge::always || (options_.ask && options_.ask(result_));
        if (!wanted) return;
        result_.run.mode = RunMode::live;
        if (changes)
            run::merge_trees(result_.run, recorder_.trees(), state_, started_,
                             {.rolls_back = {}, .confirm = options_.confirm});
        locks.release(); // actions may be a package manager's
        if (changes && result_.run.outcome != model::RunOutcome::merged) return;
        undo::follow_up(
            result_.run, state_,
            {.host = views_.host(),
             .place_runtime_files = [&] { return recorder_.put_runtime_files(state_.unplaced()); },
             .confirm = options_.confirm,
             .progress = options_.progress});
    }

private:
    /// What it prints goes to a person as it comes.
    void refuse_unknown_secrets() const {
        if (result_.unknown_secrets.empty() || options_.show_secrets) return;
        throw sys::BadConfiguration{fmt::format(
            "the node's secrets cannot be masked in what is shown: {}; --show-secrets goes on without",
            result_.unknown_secrets)};
    }

    [[nodiscard]] bool shell() const noexcept { return options_.kind == ExecOptions::Kind::shell; }
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
            (void)find_command(options_.command.at(0), views_.root()); // throws when there is none
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
        module::NoticeReader notices{name};
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
        module::enter_program(report, phase(), name, profile(), end);
        if (auto missed =
                module::missed_service(end.output, views_.root(), network == model::Network::host, name))
            report.notices.push_back(std::move(*missed));
        for (const border::GuardedRequest& asked : broker.take())
            if (asked.kind !=
                border::GuardedRequest::Kind::failure) // its own exit status is what counts here
                module::enter_asked(report, asked, name, mode());
        if (end.succeeded() || (shell() && end.how == sandbox::ProgramEnd::Kind::exited)) {
            try {
                views_.complete(box);
            } catch (const sys::Error& error) {
                report.outcome = model::ModuleOutcome::failed;
                report.reason = error.full_text();
            }
            return report;
        }
        report.outcome = model::ModuleOutcome::failed;
        report.reason = fmt::format("{} {}", shell() ? "the shell" : sys::printable(options_.command[0]),
                                    end.describe(program));
        return report;
    }

    const ExecOptions& options_;
    const run::StateDirectory& state_;
    run::Result& result_;
    timespec started_;
    view::Views views_;
    view::ChangeRecorder recorder_;
};

} // namespace

run::Result exec(const ExecOptions& options) {
    const bool merges = options.merge != ExecOptions::Merge::never;
    const undo::Claim claim{options, what_it_is(options),
                            merges ? undo::Claim::Purpose::merge : undo::Claim::Purpose::look};
    const RunMode mode = options.merge == ExecOptions::Merge::always ? RunMode::live : RunMode::noop;
    return run::carry_out(options, claim.state(), what_it_is(options), mode, [&](const run::Run& run) {
        Exec{options, run}.run();
    });
}

} // namespace disco::dance
