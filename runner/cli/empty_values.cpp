#include "runner/cli/empty_values.hpp"

#include <string>

namespace disco::cli {

void refuse_empty_values(CLI::App& app) {
    static const CLI::Validator not_empty{
        [](const std::string& value) { return std::string{value.empty() ? "its value is empty" : ""}; }, ""};
    for (CLI::Option* option : app.get_options([](const CLI::Option*) { return true; }))
        if (const auto& name = option->get_name();
            option->get_items_expected_max() > 0 && name != "COMMAND" && name != "KEY" && name != "VALUE")
            option->check(not_empty);
    for (CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) refuse_empty_values(*one);
}

} // namespace disco::cli
