#include "runner/dance/shell_program.hpp"

#include "runner/model/view_layout.hpp"
#include <algorithm>

namespace disco::dance {
namespace {

/// A name of terminfo(5): a program that looks it up makes a file name of it.
bool is_terminal_type(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view{"-_+."}.find(c) != std::string_view::npos;
    };
    return !name.empty() && name.size() <= 64 && name[0] != '.' &&
           std::all_of(name.begin(), name.end(), fits);
}

} // namespace

void make_shell(sandbox::Program& program, const std::string& path, ShellInput input, model::RunMode mode,
                std::string_view terminal_type) {
    const std::string name = path.substr(path.rfind('/') + 1);
    program.path = path;
    program.argv = {name};
    program.timeout.reset(); // a person may think as long as they like
    std::erase_if(program.environment, [](const std::string& entry) { return entry.starts_with("SHELL="); });
    program.environment.push_back("SHELL=" + path);
    if (input == ShellInput::stream) return;
    program.output = sandbox::Program::Output::terminal;
    program.environment.emplace_back("LESSHISTFILE=-"); // what was looked for is no change of the tree
    if (is_terminal_type(terminal_type)) program.environment.push_back("TERM=" + std::string{terminal_type});
    if (name == "bash") { // which says where one is by its file, after the user's own
        program.argv.insert(program.argv.end(), {"--rcfile", model::view_layout::shell_prelude});
    } else {
        program.environment.emplace_back(mode == model::RunMode::noop ? "PS1=(disco noop) # "
                                                                      : "PS1=(disco) # ");
    }
    program.argv.emplace_back("-i");
}

} // namespace disco::dance
