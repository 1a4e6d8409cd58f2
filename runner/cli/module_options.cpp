#include "runner/cli/module_options.hpp"

#include <CLI/CLI.hpp>

namespace disco::cli {

std::vector<CLI::App*> add_module_verbs(CLI::App& app, ModuleOptions& options) {
    auto* command = app.add_subcommand("module", "Check modules, begin a new one, show their order");
    command->require_subcommand(1);
    auto* check = command->add_subcommand("check", "Say what is wrong with modules, without running them");
    check->add_option("PATH", options.paths,
                      "Universes, modules, or names of modules (default: the current directory)");
    check->add_flag("--strict", options.strict, "Warnings count as errors");
    check->add_option("--junit", options.junit, "Write the result as JUnit XML to FILE, or '-'")
        ->type_name("FILE");
    auto* create = command->add_subcommand("new", "Make the files of a new module, with comments");
    create->add_option("NAME", options.name, "What it is called")->required();
    create->add_option("--server", options.universe, "The universe (default: the current directory)")
        ->type_name("DIR");
    auto* graph = command->add_subcommand("graph", "Show in which order modules run, and why");
    graph->add_option("UNIVERSE", options.universe, "Its directory (default: the current one)");
    graph->add_option("--node", options.node, "Only the modules of this node")->type_name("NAME");
    graph->add_option("--dot", options.dot, "Write the graph for graphviz to FILE, or '-'")
        ->type_name("FILE");
    graph->add_option("--svg", options.svg, "Write the graph as a picture to FILE, or '-'")
        ->type_name("FILE");
    return {check, create, graph};
}

} // namespace disco::cli
