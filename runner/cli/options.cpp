#include "runner/cli/options.hpp"

#include "runner/cli/empty_values.hpp"
#include "runner/cli/given_values.hpp"
#include "runner/cli/shielded_words.hpp"
#include "runner/cli/usage_errors.hpp"
#include "runner/fetch/server_uri.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::cli {
namespace {

/// Collects what is parsed where CLI11 needs a variable, and turns it into Options at the end.
class Parser {
public:
    /// `first`: the first word. Where it names a command, only that one gets its options: giving all of them
    /// theirs takes longer than all else until something is done.
    Parser(const std::string& program, std::string_view first)
        : app_{"Configuration management from plain files, with an exact dry run", program} {
        app_.set_version_flag("--version", std::string{"disco " DISCO_VERSION});
        app_.require_subcommand(1);
        app_.set_help_all_flag("--help-all", "Help of all commands");
        app_.failure_message([](const CLI::App*, const CLI::Error&) { return std::string{}; });
        const std::vector<std::pair<std::vector<std::string_view>, void (Parser::*)()>> commands = {
            {{"dance"}, &Parser::add_dance},
            {{"exec"}, &Parser::add_exec},
            {{"shell"}, &Parser::add_shell},
            {{"apply"}, &Parser::add_apply},
            {{"report", "runs", "status"}, &Parser::add_report},
            {{"rollback", "recover", "confirm"}, &Parser::add_undo},
            {{"param"}, &Parser::add_param},
            {{"policy"}, &Parser::add_policy},
            {{"module"}, &Parser::add_module}};
        const auto named = [&](const auto& one) {
            return std::count(one.first.begin(), one.first.end(), first) != 0;
        };
        const bool any = std::any_of(commands.begin(), commands.end(), named);
        for (const auto& one : commands)
            if (!any || named(one)) (this->*one.second)();
        refuse_empty_values(app_);
    }

    Options parse(std::vector<std::string> arguments) {
        check_command(app_, arguments);
        if (arguments[0] == "exec" || arguments[0] == "rollback")
            for (std::string& word : arguments) shield(word);
        if (arguments[0] == "report")
            for (std::string& word : arguments) shield_place(word);
        std::reverse(arguments.begin(), arguments.end()); // CLI11 wants them last first
        try {
            app_.parse(arguments);
        } catch (const CLI::CallForHelp&) {
            return show(help());
        } catch (const CLI::CallForAllHelp&) {
            return show(app_.help("", CLI::AppFormatMode::All));
        } catch (const CLI::CallForVersion&) {
            options_.command = CommandName::version;
            options_.text = "disco " DISCO_VERSION "\n";
            return std::move(options_);
        } catch (const CLI::ExtrasError&) {
            throw sys::UsageError{
                fmt::format("{} (see '{} --help')", unexpected_word(app_, given()), given())};
        } catch (const CLI::ParseError& error) {
            throw sys::UsageError{fmt::format("{} (see '{} --help')", error.what(), given())};
        }
        return complete(std::move(options_), std::move(values_));
    }

private:
    /// disco-run is `disco dance`, disco-param is `disco param`.
    [[nodiscard]] bool is_one_command() const {
        return app_.get_name() == "disco-run" || app_.get_name() == "disco-param";
    }

    /// The help of the command that was chosen; it shows how that is called.
    std::string help() {
        const auto chosen = app_.get_subcommands();
        if (!is_one_command() && chosen.empty()) return app_.help() + "\n" + list_of_topics();
        if (!is_one_command()) return app_.help();
        return chosen.back()->name(app_.get_name())->help();
    }

    /// The command as far as it was given: "disco policy check".
    [[nodiscard]] std::string given() const {
        std::string words = app_.get_name();
        auto chosen = app_.get_subcommands();
        if (is_one_command() && !chosen.empty()) chosen = chosen.back()->get_subcommands();
        for (; !chosen.empty(); chosen = chosen.back()->get_subcommands())
            words += " " + chosen.back()->get_name();
        return words;
    }

    Options show(std::string text) {
        options_.command = CommandName::help;
        options_.text = std::move(text);
        return std::move(options_);
    }

    void add_common(CLI::App& command) {
        command.add_option("--root", values_.root, "The tree to work on")->type_name("DIR");
        add_state(command);
        command.add_option("--node", values_.node, "Name of this machine (default: the host name)")
            ->type_name("NAME");
        command.add_option("--network", values_.network, "What scripts reach: isolated, egress or host")
            ->type_name("NETWORK")
            ->check(CLI::IsMember({"isolated", "egress", "host"}));
        add_wait(command);
    }

    void add_state(CLI::App& command) {
        command.add_option("--state-dir", values_.state_dir, "Where disco keeps its state")->type_name("DIR");
        add_log(command);
    }

    void add_log(CLI::App& command) {
        command
            .add_option("--log-level", values_.log_level,
                        "Log from this level on: trace, debug, info, warning or error")
            ->type_name("LEVEL")
            ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error"}));
    }

    void add_profile(CLI::App& command, const std::string& help) {
        command.add_option("--profile", values_.profile, help)
            ->type_name("PROFILE")
            ->check(CLI::IsMember({"auto", "strict", "simulate"}));
    }

    void add_output(CLI::App& command) {
        for (const FormatRow& row : format_rows) {
            const auto add_target = [this, format = row.format](const std::string& path) {
                options_.output.targets.push_back({format, path});
            };
            // Each time that it is given, or CLI11 takes the second one for an error.
            auto* option = command.add_option_function<std::string>(row.option, add_target, row.help)
                               ->type_name("FILE")
                               ->trigger_on_parse();
            if (command.get_name() == "report")
                option->expected(0, 1)->default_str("-"); // shown, if not written
        }
        auto* group = command.add_option_group("Detail of the report");
        for (const auto& [flag, detail, help] :
             {std::tuple{"--diff", report::Detail::diff, "With the differences of every text file"},
              std::tuple{"--stat", report::Detail::stat, "Counts only"},
              std::tuple{"-q,--quiet", report::Detail::quiet, "Only failures, conflicts and the sum"},
              std::tuple{"-v,--verbose", report::Detail::verbose, "Differences, steps and their output"}})
            group->add_flag_callback(
                flag, [this, detail = detail] { options_.output.detail = detail; }, help);
        group->require_option(0, 1);
        command
            .add_option("--only", values_.only,
                        "List only changes of what matches, and of what is below it (may be repeated)")
            ->type_name("GLOB")
            ->allow_extra_args(false);
        command.add_option("--color", values_.color, "auto, always or never")
            ->type_name("WHEN")
            ->check(CLI::IsMember({"auto", "always", "never"}));
    }

    void add_secrets(CLI::App& command) {
        command.add_flag("--show-secrets", values_.show_secrets,
                         "Show secrets, and content that not everybody may read; neither is recorded");
    }

    void add_confirm(CLI::App& command, CLI::Option& noop) {
        command
            .add_option("--confirm", values_.confirm,
                        "Undo the merge unless it is confirmed within this time")
            ->type_name("SECONDS")
            ->check(CLI::Range(1, 86400))
            ->excludes(&noop);
    }

    void add_followup(CLI::App& command) {
        command.add_flag("--allow-reboot", values_.allow_reboot,
                         "Run also what reboots or stops this machine, last");
        command.add_flag("--detailed-exitcode", values_.detailed_exitcode,
                         "Exit with 2 when there are changes");
    }

    void add_dance() {
        auto* command =
            app_.add_subcommand("dance", "Bring this machine to what the server says (also: disco-run)");
        auto* noop = command->add_flag("-n,--noop", values_.noop, "Do all the work, change nothing");
        command
            ->add_option("--save", options_.dance.save, "Keep what a no-op has prepared, for 'disco apply'")
            ->type_name("PLAN")
            ->needs(noop);
        command->add_flag("--ask", options_.ask, "Show what would be merged, and ask")->excludes(noop);
        add_confirm(*command, *noop);
        add_profile(*command, "How scripts are confined in a no-op: auto, strict or simulate");
        command->add_option("--server", options_.dance.server, "Where the universe is")->type_name("URI");
        command
            ->add_option("--module", values_.modules,
                         "Only this module and what it requires (may be repeated)")
            ->type_name("NAME")
            ->allow_extra_args(false);
        add_common(*command);
        command->add_flag("--offline", options_.dance.offline, "Use the last good copy of the universe");
        command->add_flag("--keep-going", options_.dance.keep_going,
                          "After a failure go on with other modules");
        add_followup(*command);
        add_output(*command);
        add_secrets(*command);
        command->callback([this] { options_.command = CommandName::dance; });
    }

    void add_exec() {
        auto* command =
            app_.add_subcommand("exec", "Run one command in the sandbox and show what it would change");
        auto* noop = command->add_flag("-n,--noop", values_.noop, "Show the changes, merge nothing");
        command->add_flag("--merge", values_.merge, "Merge the changes if the command succeeds")
            ->excludes(noop);
        add_confirm(*command, *noop);
        add_profile(*command, "How the command is confined in a no-op: auto, strict or simulate");
        add_common(*command);
        add_followup(*command);
        add_output(*command);
        add_secrets(*command);
        command->add_option("COMMAND", options_.exec.command, "The command and its arguments")->required();
        command->positionals_at_end();
        command->callback([this] { options_.command = CommandName::exec; });
    }

    void add_shell() {
        auto* command = app_.add_subcommand(
            "shell", "Run a shell in the sandbox, then show what it would change, and ask");
        command->add_flag("-n,--noop", values_.noop, "Show the changes, merge nothing");
        add_common(*command);
        add_followup(*command);
        add_output(*command);
        add_secrets(*command);
        command->callback([this] { options_.command = CommandName::shell; });
    }

    void add_wait(CLI::App& command) {
        command.add_option("--wait", values_.wait, "Wait for another run to end")
            ->type_name("SECONDS")
            ->check(CLI::Range(0, 86400));
    }

    void add_apply() {
        auto* command = app_.add_subcommand("apply", "Merge what a no-op has prepared and saved");
        command->add_option("PLAN", options_.apply.plan, "The directory that the plan was saved in")
            ->required();
        auto* noop = command->add_flag("-n,--noop", values_.noop, "Only say whether it can still be merged");
        add_confirm(*command, *noop);
        add_state(*command);
        add_wait(*command);
        add_followup(*command);
        add_output(*command);
        command->callback([this] { options_.command = CommandName::apply; });
    }

    void add_undo() {
        auto* rollback = app_.add_subcommand("rollback", "Undo the merge of a run");
        rollback->add_option("RUN", options_.rollback.run,
                             "The run (default: the last that can be; see 'disco runs')");
        rollback
            ->add_option("--keep", options_.rollback.keep,
                         "Leave what matches, and what is below it, as it is (may be repeated)")
            ->type_name("GLOB")
            ->allow_extra_args(false);
        auto* noop =
            rollback->add_flag("-n,--noop", values_.noop, "Show what would change back, change nothing");
        add_confirm(*rollback, *noop);
        add_state(*rollback);
        add_wait(*rollback);
        rollback->add_flag("--detailed-exitcode", values_.detailed_exitcode,
                           "Exit with 2 when there are changes");
        add_output(*rollback);
        rollback->callback([this] { options_.command = CommandName::rollback; });
        auto* recover = app_.add_subcommand("recover", "Recover from what an interrupted run has left");
        add_state(*recover);
        add_wait(*recover);
        recover->add_option("--await", options_.recover.await)->group(""); // of no use to people
        recover->callback([this] { options_.command = CommandName::recover; });
        auto* confirm = app_.add_subcommand("confirm", "Keep a merge that would be undone otherwise");
        confirm->add_option("RUN", options_.confirm.run, "The run (default: the last that waits)");
        add_state(*confirm);
        add_wait(*confirm);
        confirm->callback([this] { options_.command = CommandName::confirm; });
    }

    void add_report() {
        auto* command = app_.add_subcommand("report", "Show where the time of a run went");
        add_state(*command);
        command->add_option(
            "RUN", options_.report.paths,
            "The run, its beginning, 'last', or -N for the Nth from the end (default: the last); "
            "or the path of a report, with a slash; with --site any number of paths");
        auto* site = command->add_option("--site", options_.report.site,
                                         "Write pages of all runs, or of the reports at each PATH, into DIR");
        site->type_name("DIR");
        command
            ->add_option("--unreported-after", options_.report.unreported_after,
                         "The age from which a node counts as unreported: 12h, 2d, 1w")
            ->type_name("AGE")
            ->needs(site)
            ->capture_default_str();
        command->add_flag_callback(
            "--all", [this] { options_.report.times = report::TimesDetail::all; },
            "With every figure of getrusage(2)");
        add_output(*command);
        command->callback([this] { options_.command = CommandName::report; });
        auto* runs = app_.add_subcommand("runs", "List the recorded runs");
        add_state(*runs);
        runs->add_option("--node", options_.runs.node, "Only those of this node")->type_name("NAME");
        runs->add_option("--since", options_.runs.since,
                         "Only those since then: 12h, 7d, 2026-11-30, '2026-11-30 14:05'")
            ->type_name("TIME");
        runs->add_flag("--failed", options_.runs.failed, "Only those that failed");
        runs->add_flag("--live", options_.runs.live, "Only those that could change something");
        runs->add_flag("--json", options_.runs.json, "As JSON");
        runs->callback([this] { options_.command = CommandName::runs; });
        auto* status = app_.add_subcommand("status", "Say how this machine is: last runs, and what waits");
        add_state(*status);
        status
            ->add_option("--max-age", options_.runs.since,
                         "Fail unless a disco-run since then ended with something else than 75: 12h, 3d")
            ->type_name("TIME");
        status->add_flag("--json", options_.runs.json, "As JSON");
        status->callback([this] { options_.command = CommandName::status; });
    }

    void add_param() {
        for (CLI::App* verb : add_param_verbs(app_, options_.param)) {
            add_state(*verb);
            verb->add_option("--node", values_.node, "Whose parameters (default: the host name)")
                ->type_name("NAME");
            verb->callback([this, name = verb->get_name()] {
                options_.command = CommandName::param;
                options_.param.verb = name;
            });
        }
    }

    void add_policy() {
        for (CLI::App* verb : add_policy_verbs(app_, options_.policy)) {
            if (verb->get_name() == "check")
                add_state(*verb);
            else
                add_log(*verb);
            verb->callback([this, name = verb->get_name()] {
                options_.command = CommandName::policy;
                options_.policy.verb = name;
            });
        }
    }

    void add_module() {
        for (CLI::App* verb : add_module_verbs(app_, options_.module)) {
            add_log(*verb);
            verb->callback([this, verb] {
                options_.command = CommandName::module;
                options_.module.verb = verb->get_name();
            });
        }
    }

    CLI::App app_;
    Options options_;
    GivenValues values_;
};

} // namespace

Options parse_options(const std::string& program, const std::vector<std::string>& arguments) {
    std::vector<std::string> words = arguments;
    if (program == "disco" && !words.empty() &&
        words[0] == "help") { // `disco help exec` is `disco exec --help`
        words.erase(words.begin());
        Options help;
        if (words.size() == 1) help.topic = help_topic(words[0]);
        if (help.topic) return help;
        words.emplace_back("--help");
    }
    if (arguments == std::vector<std::string>{"--version"}) return Parser{program, {}}.parse(arguments);
    if (program == "disco-run") words.insert(words.begin(), "dance");
    if (program == "disco-param") words.insert(words.begin(), "param");
    return Parser{program, words.empty() ? std::string{} : words[0]}.parse(words);
}

} // namespace disco::cli
