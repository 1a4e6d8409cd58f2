#include "runner/cli/given_values.hpp"

#include "runner/cli/shielded_words.hpp"
#include "runner/fetch/server_uri.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <chrono>
#include <initializer_list>

#include <fmt/format.h>

namespace disco::cli {
namespace {

void complete_report(Options& options) {
    ReportOptions& report = options.report;
    for (std::string& word : report.paths) unshield(word);
    if (report.site.empty()) {
        if (report.paths.size() > 1)
            throw sys::UsageError{fmt::format("'{}' is a word too many (see 'disco report --help')",
                                              sys::printable(report.paths[1]))};
        if (!report.paths.empty()) report.run = report.paths.front();
        return;
    }
    // `--html --site DIR` says what a site is anyway.
    std::erase(options.output.targets, ReportTarget{ReportFormat::html, "-"});
    if (!options.output.targets.empty())
        throw sys::UsageError{
            fmt::format("--site writes pages of its own: leave out {} (see 'disco report --help')",
                        row_of(options.output.targets.front().format).option)};
}

} // namespace

Options complete(Options options, GivenValues values) {
    for (std::string& word : options.policy.command) unshield(word);
    // A whole command line in one word, as a shell's -c takes it: no command has a blank in its name.
    if (options.policy.command.size() == 1 && options.policy.command.front().find(' ') != std::string::npos)
        options.policy.command = sys::split_words(options.policy.command.front());
    if (options.command == CommandName::policy && options.policy.verb == "check" &&
        options.policy.scripts != options.policy.command.empty())
        throw sys::UsageError{"policy check needs a command, or --scripts (see 'disco policy check --help')"};

    for (std::string& word : options.exec.command) unshield(word);
    if (!options.exec.command.empty() && options.exec.command.front().empty())
        throw sys::UsageError{"the command's name is empty (see 'disco exec --help')"};
    for (std::string* value :
         {&values.root, &values.state_dir, &values.node, &options.rollback.run, &options.report.site})
        unshield(*value);
    for (ReportTarget& target : options.output.targets) unshield(target.path);
    complete_report(options);
    refuse_mixed_reports(options.output.targets);
    for (std::string& glob : options.rollback.keep) unshield(glob);
    for (std::string& glob : values.only) unshield(glob);
    options.output.only = model::PathGlobs{values.only};
    options.dance.server = fetch::server_from_here(options.dance.server);
    options.dance.profile = model::parse_script_profile(values.profile); // nothing when it was not given
    options.exec.profile = options.dance.profile;
    if (options.command == CommandName::shell) options.exec.kind = dance::ExecOptions::Kind::shell;
    for (run::CommonOptions* common : std::initializer_list<run::CommonOptions*>{
             &options.dance, &options.exec, &options.apply, &options.rollback}) {
        common->root = values.root;
        common->state_dir = values.state_dir;
        common->node = values.node;
        common->wait = std::chrono::seconds{values.wait};
        common->version = DISCO_VERSION;
        common->detailed_exitcode = values.detailed_exitcode;
        common->allow_reboot = values.allow_reboot;
        common->show_secrets = values.show_secrets;
        common->confirm = std::chrono::seconds{values.confirm};
        if (!values.network.empty()) common->network = model::parse_network(values.network);
    }
    options.dance.mode = options.apply.mode = options.rollback.mode =
        values.noop ? model::RunMode::noop : model::RunMode::live;
    options.dance.modules = {values.modules.begin(), values.modules.end()};
    using Merge = dance::ExecOptions::Merge;
    options.exec.merge = values.noop ? Merge::never : values.merge ? Merge::always : Merge::ask;
    options.log_level = parse_log_level(values.log_level);
    options.output.show_secrets = values.show_secrets;
    options.output.color = values.color == "always"  ? Color::always
                           : values.color == "never" ? Color::never
                                                     : Color::automatic;
    return options;
}

} // namespace disco::cli
