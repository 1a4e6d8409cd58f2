#pragma once

#include "runner/cli/console.hpp"
#include "runner/cli/help_topics.hpp"
#include "runner/cli/log.hpp"
#include "runner/cli/module_options.hpp"
#include "runner/cli/param_options.hpp"
#include "runner/cli/policy_options.hpp"
#include "runner/dance/apply_plan.hpp"
#include "runner/dance/dance.hpp"
#include "runner/dance/exec.hpp"
#include "runner/report/times_report.hpp"
#include "runner/undo/rollback.hpp"

#include <optional>
#include <string>
#include <vector>

// The command line as plain values. Only options.cpp knows CLI11.
namespace disco::cli {

enum class CommandName {
    dance,
    exec,
    shell,
    apply,
    report,
    runs,
    status,
    rollback,
    recover,
    confirm,
    param,
    policy,
    module,
    help,
    version
};

struct ReportOptions {
    std::string run;                ///< see report_source; empty: the last
    std::string site;               ///< a directory for pages of many runs; empty: none
    std::vector<std::string> paths; ///< the words that were given; with a site each is a path of reports
    std::string unreported_after = "2d";
    report::TimesDetail times = report::TimesDetail::usual;
};

/// Which runs are listed; all that are given have to fit.
struct RunsOptions {
    std::string node;  ///< empty: of any
    std::string since; ///< a moment as sys::moment_meant reads it; empty: since ever; of `status` --max-age
    bool failed = false, live = false;
    bool json = false; ///< also of `status`
};

struct RecoverOptions {
    std::string await; ///< a run to wait for the confirmation of: what a run starts in the background
};

struct ConfirmOptions {
    std::string run; ///< an id, or its beginning; empty: the last that waits
};

/// What was asked for; only the members of `command` mean something.
struct Options {
    CommandName command = CommandName::help;
    std::string text;               ///< of help and version: what to print
    std::optional<HelpTopic> topic; ///< of help: a manual page to show instead
    dance::DanceOptions dance;
    dance::ExecOptions exec; ///< of shell, too
    dance::ApplyOptions apply;
    undo::RollbackOptions rollback;
    RecoverOptions recover;
    ConfirmOptions confirm;
    ParamOptions param;
    PolicyOptions policy;
    ModuleOptions module;
    ReportOptions report;
    RunsOptions runs;
    Output output;
    bool ask = false;                  ///< of a dance: show what it would merge, and ask
    std::optional<LogLevel> log_level; ///< nothing when it was not given
};

/// `program` is the name the program was called by: disco-run is `disco dance`, disco-param is `disco param`.
/// Throws UsageError that names the option and its remedy.
[[nodiscard]] Options parse_options(const std::string& program, const std::vector<std::string>& arguments);

} // namespace disco::cli
