#include "runner/cli/commands.hpp"

#include "runner/cli/log.hpp"
#include "runner/cli/module_command.hpp"
#include "runner/cli/options.hpp"
#include "runner/cli/param_command.hpp"
#include "runner/cli/policy_command.hpp"
#include "runner/cli/report_source.hpp"
#include "runner/cli/report_target.hpp"
#include "runner/cli/run_view.hpp"
#include "runner/cli/runs_command.hpp"
#include "runner/cli/secret_keeper.hpp"
#include "runner/cli/site_command.hpp"
#include "runner/cli/status_command.hpp"
#include "runner/cli/undo_commands.hpp"
#include "runner/dance/dance.hpp"
#include "runner/dance/exec.hpp"
#include "runner/model/command_hint.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/model/masked_stream.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/report/times_report.hpp"
#include "runner/run/state.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/own_program.hpp"
#include "runner/sys/printable.hpp"

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

using model::ExitCode;

void require_root(const char* why = "it makes namespaces and mounts, also for --noop") {
    if (::geteuid() != 0) throw sys::NotRoot{fmt::format("this must be run as root: {} (try sudo)", why)};
}

void require_no_secrets_in_journal(const Output& output) {
    if (!output.show_secrets) return;
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
        if (log_reader(fd) == LogReader::journal)
            throw sys::UsageError{
                "--show-secrets would show them to the journal, which keeps them: leave it out, or let "
                "the output go elsewhere"};
}

void require_root_for_state() { require_root("what it reads or writes is root's alone"); }

/// The exit code says what became of the tree, also when the report finds no reader. `view`: what people have
/// seen so far; null: nothing.
int conclude(run::Result result, const Options& options, const run::CommonOptions& run,
             RunView* view = nullptr) {
    std::optional<RunView> all_at_once;
    if (view == nullptr) view = &all_at_once.emplace(options.output);
    if (run.confirm.count() != 0) {
        if (result.run.outcome == model::RunOutcome::merged) view->show_all(result);
        wait_for_confirmation(result, run);
    }
    const auto print_failure = [&](std::string_view what) {
        print_error(fmt::format("{}; the run ended with exit code {} and is recorded: {}", what,
                                model::to_int(result.run.exit_code),
                                model::command_hint("disco report " + result.run.id, run.state_dir)));
    };
    try {
        view->print_result(result);
    } catch (const sys::Error& error) {
        print_failure(error.full_text());
    } catch (const std::exception& error) { // of the JSON library, say: the tree is as the exit code says
        print_failure(error.what());
    }
    return model::to_int(result.run.exit_code);
}

bool has_terminal_to_ask_on() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

/// What was shown to the person has been asked about.
bool ask(const run::Result& result) {
    const bool only_actions = !run::has_changes(result.run);
    forget_typed_ahead();
    write_to(STDERR_FILENO,
             fmt::format("{} {}? [y/N] ", only_actions ? "Run these commands on" : "Merge this onto",
                         sys::printable(result.run.root)));
    std::string answer;
    std::getline(std::cin, answer);
    sys::throw_if_interrupted();
    return answer == "y" || answer == "Y" || answer == "yes";
}

int run_dance(Options& options) {
    require_root();
    require_no_secrets_in_journal(options.output);
    require_places(options.output.targets);
    if (options.ask && !has_terminal_to_ask_on())
        throw sys::UsageError{
            "--ask needs a terminal to ask on: leave it out to merge unasked, or take --noop "
            "to see what would change"};
    RunView view{options.output};
    options.dance.progress = &view;
    options.dance.on_output = [&](std::string_view module, std::string_view bytes) {
        view.pass(module, bytes);
    };
    options.dance.outlet = &view.writer();
    if (options.ask)
        options.dance.ask = [&](const run::Result& result) {
            view.show_all(result);
            return ask(result);
        };
    run::Result result = dance::dance(options.dance);
    return conclude(std::move(result), options, options.dance, &view);
}

/// Shows the result and asks on the terminal; no terminal means no.
bool show_and_ask(const run::Result& result, const Options& options) {
    if (!has_terminal_to_ask_on()) {
        write_to(
            STDERR_FILENO,
            options.command == CommandName::shell
                ? "disco: not merged: there is no terminal to ask on; `disco exec --merge` merges unasked\n"
                : "disco: not merged: there is no terminal to ask on; --merge merges, --noop only shows\n");
        return false;
    }
    print_text(result, {.detail = report::Detail::diff, .color = options.output.color, .targets = {}},
               people_of(options.output));
    return ask(result);
}

/// What was run may have left the terminal with other colours, another character set, a scroll region,
/// another screen, no cursor: all of that is taken back (DECSTR and what older terminals know; the palette,
/// where it can be changed), so that the differences and the question are seen as they are.
constexpr const char* reset_terminal =
    "\033[?47l\033[!p\033[r\033[m\033(B\017\033[?25h\033[?2004l\033]104\033\\\033]110\033\\\033]111\033\\";

/// What the command prints, without the secrets that are known.
class MaskedOutput : public SecretKeeper {
public:
    explicit MaskedOutput(bool masks) : masks_{masks} {}
    void knows_secrets(const model::SecretMask& mask) override {
        SecretKeeper::knows_secrets(mask);
        if (masks_) stream_ = model::MaskedStream{mask};
    }
    [[nodiscard]] model::MaskedStream& stream() noexcept { return stream_; }

private:
    bool masks_;
    model::MaskedStream stream_;
};

int run_exec(Options& options) {
    require_root();
    require_no_secrets_in_journal(options.output);
    require_places(options.output.targets);
    sys::PatientWriter writer{people_of(options.output)};
    options.exec.outlet = &writer;
    MaskedOutput masked{!options.output.show_secrets};
    options.exec.progress = &masked;
    bool has_controls = false; // the terminal obeys what was printed
    options.exec.on_output = [&](std::string_view, std::string_view bytes) {
        has_controls = has_controls || bytes.find_first_of("\033\016\233") != std::string_view::npos;
        writer.write(masked.stream().pass(bytes));
    };
    const auto end_output = [&] {
        writer.write(masked.stream().end());
        writer.finish();
        const int people = people_of(options.output);
        if (std::exchange(has_controls, false) && obeys_controls(people)) write_to(people, reset_terminal);
    };
    options.exec.ask = [&](const run::Result& result) {
        end_output();
        return show_and_ask(result, options);
    };
    run::Result result = dance::exec(options.exec);
    try {
        end_output();
    } catch (const sys::Error&) { // the report that follows meets the same and says so
    }
    return conclude(std::move(result), options, options.exec);
}

int run_shell(Options& options) {
    if (::isatty(STDIN_FILENO) != 1) return run_exec(options); // its commands come from there
    dance::ExecOptions& shell = options.exec;
    shell.terminal = STDIN_FILENO;
    const char* type = std::getenv("TERM");
    shell.terminal_type = type == nullptr ? "" : type;
    const bool noop = shell.merge == dance::ExecOptions::Merge::never;
    if (options.output.detail != report::Detail::quiet)
        shell.on_start = [&shell, noop] {
            write_to(
                STDERR_FILENO,
                fmt::format("disco: a shell in a sandbox, on a copy of {}; `exit` ends it and shows what it "
                            "changed; nothing is merged{}\n",
                            sys::printable(shell.root.string()),
                            noop ? " (--noop)" : " unless you say so then"));
        };
    if (obeys_controls(STDERR_FILENO)) shell.on_end = [] { write_to(STDERR_FILENO, reset_terminal); };
    return run_exec(options);
}

int run_report(const Options& options) {
    const bool of_state =
        options.report.site.empty() ? !is_path(options.report.run) : options.report.paths.empty();
    if (of_state) require_root_for_state();
    if (!options.report.site.empty()) return run_site(options);
    const ReportSource source = report_source(options.report.run, options.dance.state_dir);
    const report::StoredReport stored = report::load_report(source.whole, source.scratch);
    if (!options.output.targets.empty()) {
        const bool all = options.output.detail == report::Detail::verbose;
        const auto contents = all ? report::Contents::all : report::Contents::short_;
        write_targets(options.output.targets, [&](const ReportTarget& target, const WritePiece& write) {
            if (target.format == ReportFormat::json)
                write(sys::read_file(all ? source.whole : source.report)); // as it is stored
            else
                row_of(target.format).write(stored.run, stored.changes, contents, write);
        });
        return 0;
    }
    const auto style = text_style(options.output, STDOUT_FILENO);
    report::write_text_report(stored.run, stored.changes, style,
                              [](std::string_view piece) { write_to(STDOUT_FILENO, piece); });
    write_to(STDOUT_FILENO, "\n");
    report::write_times_report(stored.run, options.report.times, style.color,
                               [](std::string_view piece) { write_to(STDOUT_FILENO, piece); });
    return 0;
}

int run_apply(Options& options) {
    require_root();
    require_places(options.output.targets);
    SecretKeeper secrets;
    options.apply.progress = &secrets;
    return conclude(dance::apply_plan(options.apply), options, options.apply);
}

int run_rollback(Options& options) {
    require_root();
    require_places(options.output.targets);
    SecretKeeper secrets;
    options.rollback.progress = &secrets;
    return conclude(roll_back(options.rollback), options, options.rollback);
}

int dispatch(Options& options) {
    switch (options.command) {
    case CommandName::help:
        if (options.topic) show_topic(*options.topic);
        write_to(STDOUT_FILENO, options.text);
        return 0;
    case CommandName::version: write_to(STDOUT_FILENO, options.text); return 0;
    case CommandName::dance: return run_dance(options);
    case CommandName::exec: return run_exec(options);
    case CommandName::shell: return run_shell(options);
    case CommandName::report: return run_report(options);
    case CommandName::runs: require_root_for_state(); return run_runs(options);
    case CommandName::status: require_root_for_state(); return run_status(options);
    case CommandName::apply: return run_apply(options);
    case CommandName::rollback: return run_rollback(options);
    case CommandName::recover: require_root(); return run_recover(options);
    case CommandName::confirm: require_root_for_state(); return run_confirm(options);
    case CommandName::policy: require_root_for_state(); return run_policy(options.policy, options.dance);
    case CommandName::module: return run_module(options.module);
    case CommandName::param: require_root_for_state(); return run_param(options.param, options.dance);
    }
    return model::to_int(ExitCode::usage); // not reached: -Wswitch guards the list
}

} // namespace

int run(int argc, char** argv) noexcept {
    try {
        sys::note_own_program();
        occupy_standard_descriptors();
        set_up_log();
        sys::watch_interrupts();
        const std::string program = argc > 0 ? std::filesystem::path{argv[0]}.filename().string() : "disco";
        Options options = parse_options(program, {argv + std::min(argc, 1), argv + argc});
        if (options.command != CommandName::help && options.command != CommandName::version)
            show_log_from(log_level_from(options.log_level, std::getenv("DISCO_LOG")));
        return dispatch(options);
    } catch (const sys::Interrupted& error) {
        print_error(error.full_text());
        return model::to_int(model::interrupted_by(error.signal()));
    } catch (const sys::UsageError& error) {
        print_error(error.full_text());
        return model::to_int(ExitCode::usage);
    } catch (const sys::TryAgain& error) {
        print_error(error.full_text());
        return model::to_int(ExitCode::try_again);
    } catch (const sys::BadConfiguration& error) {
        print_error(error.full_text());
        return model::to_int(ExitCode::bad_configuration);
    } catch (const sys::NotRoot& error) {
        print_error(error.full_text());
        return model::to_int(ExitCode::not_root);
    } catch (const sys::Error& error) {
        print_error(error.full_text());
        return model::to_int(ExitCode::failed);
    } catch (const std::exception& error) {
        // Out of memory, or a fault of the program: say so and end; owners on the stack have given back what
        // they hold.
        ::dprintf(STDERR_FILENO, "disco: error: unexpected failure: %s\n", error.what());
        return model::to_int(ExitCode::failed);
    }
}

} // namespace disco::cli
