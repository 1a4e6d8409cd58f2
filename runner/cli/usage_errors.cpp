#include "runner/cli/usage_errors.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/similar_word.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::cli {
namespace {

void check_command(const CLI::App& app, const std::vector<std::string>& words, std::size_t at,
                   const std::string& program) {
    if (at < words.size() && words[at].starts_with('-')) {
        const auto known = {"-h", "--help", "--help-all", "--version"};
        if (std::find(known.begin(), known.end(), words[at]) != known.end()) return;
        throw sys::UsageError{fmt::format("there is no option '{}' before a command (see '{} --help')",
                                          sys::printable(words[at]), program)};
    }
    const CLI::App* chosen = nullptr;
    std::vector<std::string> names;
    for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
        names.push_back(one->get_name());
        if (at < words.size() && names.back() == words[at]) chosen = one;
    }
    if (chosen == nullptr) {
        const auto meant = at < words.size() ? sys::similar_word(words[at], names) : std::nullopt;
        const std::string what = at < words.size()
                                     ? fmt::format("there is no command '{}'", sys::printable(words[at]))
                                     : fmt::format("a command is missing after '{}'", app.get_name());
        const std::string remedy = meant ? fmt::format("; did you mean '{}'?", *meant)
                                         : fmt::format(": use one of {}", fmt::join(names, ", "));
        throw sys::UsageError{fmt::format("{}{} (see '{} --help')", what, remedy, program)};
    }
    if (chosen->get_require_subcommand_min() > 0) check_command(*chosen, words, at + 1, program);
}

/// Also those of its groups.
std::vector<std::string> long_options(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options([](const CLI::Option*) { return true; }))
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const CLI::App* group :
         command.get_subcommands([](const CLI::App* one) { return one->get_name().empty(); }))
        for (std::string& name : long_options(*group)) names.push_back(std::move(name));
    return names;
}

} // namespace

void check_command(const CLI::App& app, const std::vector<std::string>& words) {
    check_command(app, words, 0, app.get_name());
}

std::string unexpected_word(const CLI::App& app, const std::string& given) {
    const std::vector<std::string> words = app.remaining(true);
    const std::string word = words.empty() ? std::string{} : words.front();
    // Part of a secret, it may be.
    if (!word.starts_with('-') && given.ends_with(" set"))
        return "there is a word too many: put a value with blanks in quotes, or pass it by standard input";
    if (!word.starts_with('-')) return fmt::format("'{}' is a word too many", sys::printable(word));
    const CLI::App* command = &app;
    for (auto chosen = app.get_subcommands(); !chosen.empty(); chosen = command->get_subcommands())
        command = chosen.back();
    const auto meant = sys::similar_word(word, long_options(*command));
    return fmt::format("there is no option '{}' of '{}'{}", sys::printable(word), given,
                       meant ? fmt::format("; did you mean '{}'?", *meant) : "");
}

} // namespace disco::cli
