#include "runner/cli/param_options.hpp"

#include <CLI/CLI.hpp>

namespace disco::cli {

std::vector<CLI::App*> add_param_verbs(CLI::App& app, ParamOptions& options) {
    auto* command = app.add_subcommand("param", "Read and write this node's parameters (also: disco-param)");
    command->require_subcommand(1);
    struct Verb {
        const char *name, *help;
        bool key, key_required, value, recursive, shows;
    };
    std::vector<CLI::App*> verbs;
    for (const Verb& verb :
         {Verb{"get", "Print a parameter", true, true, false, false, true},
          Verb{"has", "Say by the exit status whether there is a parameter", true, true, false, false, false},
          Verb{"set",
               "Set KEY to VALUE, to standard input, or to an empty tree: {}; '-' reads KEY=VALUE lines",
               true, true, true, false, false},
          Verb{"keys", "List the members of a tree", true, false, false, false, false},
          Verb{"dump", "List all parameters with their values", true, false, false, false, true},
          Verb{"delete", "Delete a parameter, with -r a tree", true, true, false, true, false},
          Verb{"explain", "Show which layers set a parameter", true, true, false, false, true}}) {
        auto* sub = verbs.emplace_back(command->add_subcommand(verb.name, verb.help));
        if (verb.key)
            sub->add_option("KEY", options.key, "packages/present/vim")->required(verb.key_required);
        if (verb.value)
            sub->add_option_function<std::string>("VALUE", [&options](const std::string& value) {
                options.value = value;
                options.has_value = true;
            });
        if (verb.shows)
            sub->add_flag("--show-secrets", options.show_secrets,
                          "Also what lies below secrets/, which is masked otherwise");
        if (verb.recursive)
            sub->add_flag("-r,--recursive", options.recursive, "With all that is in the tree");
    }
    return verbs;
}

} // namespace disco::cli
