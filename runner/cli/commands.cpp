#include "runner/cli/commands.hpp"

#include "runner/cli/options.hpp"
#include "runner/cli/param_command.hpp"
#include "runner/cli/policy_command.hpp"
#include "runner/cli/undo_commands.hpp"
#include "runner/dance/dance.hpp"
#include "runner/dance/exec.hpp"
#include "runner/dance/state.hpp"
#include "runner/model/command_hint.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/own_program.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace disco::cli {
namespace {

using model::ExitCode;

int code(ExitCode exit) { return static_cast<int>(exit); }

void require_root(const char* why = "it makes namespaces and mounts, also for --noop") {
    if (::geteuid() != 0) throw sys::NotRoot{fmt::format("this must be run as root: {} (try sudo)", why)};
}

void require_root_for_state() { require_root("what it reads or writes is root's alone"); }

/// The exit code tells what became of the tree, also when the report finds no reader.
int conclude(const dance::Result& result, const Options& options, const std::filesystem::path& state) {
    const auto tell = [&](std::string_view what) {
        print_error(fmt::format("{}; the run ended with exit code {} and is recorded: {}", what,
                                result.run.exit_code,
                                model::command_hint("disco report " + result.run.id, state)));
    };
    try {
        print_result(result, options.output);
    } catch (const sys::Error& error) {
        tell(error.full_text());
    } catch (const std::exception& error) { // of the JSON library, say: the tree is as the exit code says
        tell(error.what());
    }
    return result.run.exit_code;
}

/// A report that cannot be written is told before anything is done.
void require_report_file(const Output& output) {
    if (output.json.empty() || output.json == "-") return;
    const sys::UniqueFd file{::open(output.json.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
    if (!file) throw sys::BadConfiguration{sys::SysError{errno, "write the JSON report", output.json}.what()};
}

bool quiet(const Options& options) { return options.output.detail == report::Detail::quiet; }

int run_dance(Options& options) {
    require_root();
    require_report_file(options.output);
    OutputStream stream{quiet(options)};
    options.dance.on_output = [&](std::string_view module, std::string_view bytes) {
        stream.pass(module, bytes);
    };
    options.dance.outlet = &stream.writer();
    dance::Result result = dance::dance(options.dance);
    stream.flush();
    if (options.dance.confirm.count() != 0) wait_for_confirmation(result, options.dance);
    return conclude(result, options, options.dance.state_dir);
}

/// Shows the result and asks on the terminal; no terminal means no.
bool confirm(const dance::Result& result, const Options& options) {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDERR_FILENO) != 1) {
        write_to(
            STDERR_FILENO,
            options.command == CommandName::shell
                ? "disco: not merged: there is no terminal to ask on; `disco exec --merge` merges unasked\n"
                : "disco: not merged: there is no terminal to ask on; --merge merges, --noop only shows\n");
        return false;
    }
    const int people = options.output.json == "-" ? STDERR_FILENO : STDOUT_FILENO;
    print_text(result, {.detail = report::Detail::diff, .color = options.output.color, .json = {}}, people);
    const bool only_actions = !dance::has_changes(result.run);
    forget_typed_ahead();
    write_to(STDERR_FILENO,
             fmt::format("{} {}? [y/N] ", only_actions ? "Run these commands on" : "Merge this onto",
                         sys::printable(result.run.root)));
    std::string answer;
    std::getline(std::cin, answer);
    sys::throw_if_interrupted();
    return answer == "y" || answer == "Y" || answer == "yes";
}

int run_exec(Options& options) {
    require_root();
    require_report_file(options.output);
    const int to = options.output.json == "-" ? STDERR_FILENO : STDOUT_FILENO;
    sys::PatientWriter writer{to};
    options.exec.outlet = &writer;
    options.exec.on_output = [&](std::string_view, std::string_view bytes) { writer.write(bytes); };
    options.exec.confirm = [&](const dance::Result& result) {
        writer.finish();
        return confirm(result, options);
    };
    const dance::Result result = dance::exec(options.exec);
    try {
        writer.finish();
    } catch (const sys::Error&) { // the report that follows meets the same and says so
    }
    return conclude(result, options, options.exec.state_dir);
}

/// What was run in the shell may have left the terminal with other colours, another character set, no cursor:
/// all of that is taken back (DECSTR, and what older terminals know), so that the differences and the
/// question are seen as they are.
constexpr const char* settle_terminal = "\033[!p\033[m\033(B\017\033[?25h\033[?2004l";

int run_shell(Options& options) {
    if (::isatty(STDIN_FILENO) != 1) return run_exec(options); // its commands come from there
    dance::ExecOptions& shell = options.exec;
    shell.terminal = STDIN_FILENO;
    const char* type = std::getenv("TERM");
    shell.terminal_type = type == nullptr ? "" : type;
    const bool noop = shell.merge == dance::ExecOptions::Merge::never;
    if (!quiet(options))
        shell.on_start = [&shell, noop] {
            write_to(
                STDERR_FILENO,
                fmt::format("disco: a shell in a sandbox, on a copy of {}; `exit` ends it and shows what it "
                            "changed; nothing is merged{}\n",
                            sys::printable(shell.root.string()),
                            noop ? " (--noop)" : " unless you say so then"));
        };
    if (type != nullptr && std::string_view{type} != "dumb" && ::isatty(STDERR_FILENO) == 1)
        shell.on_end = [] { write_to(STDERR_FILENO, settle_terminal); };
    return run_exec(options);
}

int run_report(const Options& options) {
    require_root_for_state();
    const dance::StateDirectory state{options.dance.state_dir, dance::StateDirectory::Missing::leave};
    const auto file = state.runs() / dance::recorded_run(state, options.report.run) / "report.json";
    const report::StoredReport stored = report::load_report(file, state.path() / "scratch");
    if (!options.output.json.empty()) {
        const std::string text = sys::read_file(file);
        if (options.output.json == "-")
            write_to(STDOUT_FILENO, text);
        else
            sys::write_file_atomically(options.output.json, text, 0600);
        return 0;
    }
    const auto style = text_style(options.output, STDOUT_FILENO);
    report::write_text_report(stored.run, stored.changes, style,
                              [](std::string_view piece) { write_to(STDOUT_FILENO, piece); });
    write_to(STDOUT_FILENO, "\n");
    report::write_times_report(stored.run, style.color,
                               [](std::string_view piece) { write_to(STDOUT_FILENO, piece); });
    return 0;
}

int dispatch(Options& options) {
    switch (options.command) {
    case CommandName::help:
    case CommandName::version: write_to(STDOUT_FILENO, options.text); return 0;
    case CommandName::dance: return run_dance(options);
    case CommandName::exec: return run_exec(options);
    case CommandName::shell: return run_shell(options);
    case CommandName::report: return run_report(options);
    case CommandName::runs: require_root_for_state(); return run_runs(options);
    case CommandName::apply:
        require_root();
        require_report_file(options.output);
        return conclude(dance::apply_plan(options.apply), options, options.apply.state_dir);
    case CommandName::rollback:
        require_root();
        require_report_file(options.output);
        return conclude(dance::roll_back(options.rollback), options, options.rollback.state_dir);
    case CommandName::recover: require_root(); return run_recover(options);
    case CommandName::confirm: require_root_for_state(); return run_confirm(options);
    case CommandName::policy: require_root_for_state(); return run_policy(options.policy, options.dance);
    case CommandName::param: require_root_for_state(); return run_param(options.param, options.dance);
    }
    return code(ExitCode::usage); // not reached: -Wswitch guards the list
}

void set_up_log() {
    auto log = std::make_shared<spdlog::logger>("disco", std::make_shared<spdlog::sinks::stderr_sink_st>());
    log->set_pattern("disco: %v");
    log->set_level(spdlog::level::warn);
    spdlog::set_default_logger(std::move(log));
}

} // namespace

int run(int argc, char** argv) noexcept {
    try {
        sys::run_from_readonly_mount(argv);
        occupy_standard_descriptors();
        set_up_log();
        sys::watch_interrupts();
        const std::string program = argc > 0 ? std::filesystem::path{argv[0]}.filename().string() : "disco";
        Options options = parse_options(program, {argv + std::min(argc, 1), argv + argc});
        return dispatch(options);
    } catch (const sys::Interrupted& error) {
        print_error(error.full_text());
        return code(ExitCode::signal_base) + error.signal();
    } catch (const sys::UsageError& error) {
        print_error(error.full_text());
        return code(ExitCode::usage);
    } catch (const sys::TryAgain& error) {
        print_error(error.full_text());
        return code(ExitCode::try_again);
    } catch (const sys::BadConfiguration& error) {
        print_error(error.full_text());
        return code(ExitCode::bad_configuration);
    } catch (const sys::NotRoot& error) {
        print_error(error.full_text());
        return code(ExitCode::not_root);
    } catch (const sys::Error& error) {
        print_error(error.full_text());
        return code(ExitCode::failed);
    } catch (const std::exception& error) {
        // Out of memory, or a fault of the program: say so and end; owners on the stack have given back what
        // they hold.
        ::dprintf(STDERR_FILENO, "disco: unexpected failure: %s\n", error.what());
        return code(ExitCode::failed);
    }
}

} // namespace disco::cli
