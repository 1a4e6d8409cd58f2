#include "runner/cli/policy_options.hpp"

#include <CLI/CLI.hpp>

namespace disco::cli {

std::vector<CLI::App*> add_policy_verbs(CLI::App& app, PolicyOptions& options) {
    auto* command = app.add_subcommand("policy", "Show what sandboxed programs may do");
    command->require_subcommand(1);
    auto* show = command->add_subcommand("show", "Print the effective policy");
    show->add_option("PROFILE", options.profile, "template, strict, simulate or live (default: all)");
    auto* check = command->add_subcommand("check", "Say what each profile does with a command, and why");
    auto* scripts = check->add_flag("--scripts", options.scripts,
                                    "List the scripts that no-ops remember to simulate instead");
    check->add_flag("--forget", options.forget, "Forget them")->needs(scripts);
    check->add_option("COMMAND", options.command, "The command and its arguments");
    check->positionals_at_end();
    return {show, check};
}

} // namespace disco::cli
