// Which shell `disco shell` runs, and with what.

#include "runner/dance/shell_program.hpp"
#include "runner/dance/tree_commands.hpp"

#include <gmock/gmock.h>

namespace disco::dance {
namespace {

using model::RunMode;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

sandbox::Program made(const std::string& path, ShellInput input, RunMode mode = RunMode::noop,
                      std::string_view terminal_type = "xterm") {
    sandbox::Program program;
    program.environment = {"PATH=/bin", "SHELL=/bin/bash"};
    make_shell(program, path, input, mode, terminal_type);
    return program;
}

TEST(ShellProgram, BashSaysByItsOwnFileWhereOneIs) {
    const auto program = made("/usr/bin/bash", ShellInput::terminal);
    EXPECT_EQ(program.path, "/usr/bin/bash");
    EXPECT_THAT(program.argv, ElementsAre("bash", "--rcfile", "/run/disco/shell.bash", "-i"));
    EXPECT_THAT(program.environment,
                ElementsAre("PATH=/bin", "SHELL=/usr/bin/bash", "LESSHISTFILE=-", "TERM=xterm"));
    EXPECT_EQ(program.output, sandbox::Program::Output::terminal);
    EXPECT_EQ(program.timeout, std::nullopt);
}

TEST(ShellProgram, OthersAreToldByTheEnvironment) {
    EXPECT_THAT(made("/bin/dash", ShellInput::terminal).argv, ElementsAre("dash", "-i"));
    EXPECT_THAT(made("/bin/dash", ShellInput::terminal).environment, Contains("PS1=(disco noop) # "));
    EXPECT_THAT(made("/bin/sh", ShellInput::terminal, RunMode::live).environment, Contains("PS1=(disco) # "));
}

TEST(ShellProgram, WithoutATerminalNothingIsForOne) {
    const auto program = made("/bin/bash", ShellInput::stream);
    EXPECT_THAT(program.argv, ElementsAre("bash"));
    EXPECT_THAT(program.environment, ElementsAre("PATH=/bin", "SHELL=/bin/bash"));
    EXPECT_EQ(program.output, sandbox::Program::Output::merged);
    EXPECT_EQ(program.timeout, std::nullopt);
}

TEST(ShellProgram, ATerminalTypeThatIsNoneIsNotPassed) {
    for (const char* type : {"", "../../etc/x", "x y", "x\n", "\033[m", ".hidden"})
        EXPECT_THAT(made("/bin/bash", ShellInput::terminal, RunMode::noop, type).environment,
                    Not(Contains(StartsWith("TERM="))))
            << type;
    EXPECT_THAT(made("/bin/bash", ShellInput::terminal, RunMode::noop, std::string(65, 'x')).environment,
                Not(Contains(StartsWith("TERM="))));
    for (const char* type : {"screen.xterm-256color", "rxvt-unicode", "sun-color+x_1"})
        EXPECT_THAT(made("/bin/bash", ShellInput::terminal, RunMode::noop, type).environment,
                    Contains(std::string{"TERM="} + type));
}

TEST(ShellOfRoot, IsTheFirstOfUserZero) {
    EXPECT_EQ(shell_of_root("root:x:0:0:root:/root:/bin/zsh\n"), "/bin/zsh");
    EXPECT_EQ(shell_of_root("a:x:1:0::/:/bin/a\ntoor:x:0:0::/root:/bin/b\nroot:x:0:0::/root:/bin/c"),
              "/bin/b");
    EXPECT_EQ(shell_of_root("root:x:00:0::/root:/bin/c\n"), "");
    EXPECT_EQ(shell_of_root("root:x:0:0::/root:\n"), "");
    EXPECT_EQ(shell_of_root("root:x:0\n"), "");
    EXPECT_EQ(shell_of_root(":::\n\n"), "");
    EXPECT_EQ(shell_of_root(""), "");
}

} // namespace
} // namespace disco::dance
