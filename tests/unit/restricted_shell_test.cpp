// What a real restricted bash says when it refuses something is found; what it says otherwise is not.

#include "runner/module/notice_reader.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <filesystem>

#include <gmock/gmock.h>

namespace disco::module {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Runs a script by restricted bash, as a strict script is run, and reads what it says.
std::vector<model::Notice> notices(const std::string& text) {
    const sys::OwnedDirectory directory{fs::temp_directory_path(), "restricted-shell-test-"};
    const fs::path script = directory.path() / "10-x.sh";
    sys::write_file(script, "# a comment\n" + text + "\n", 0600);
    const sys::ProgramResult result =
        sys::run_program({.argv = {"/bin/bash", "--restricted", script},
                          .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"},
                          .input = {},
                          .timeout = std::chrono::seconds{30}});
    NoticeReader reader{"scripts/10-x.sh"};
    reader.feed(result.error);
    return reader.take();
}

struct RefusalRow {
    const char *name, *text, *what;
};
class Refused : public testing::TestWithParam<RefusalRow> {};

TEST_P(Refused, ByTheShellIsANotice) {
    const auto found = notices(GetParam().text);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].kind, model::NoticeKind::restricted);
    EXPECT_THAT(found[0].text, testing::StartsWith("restricted shell refused: "));
    EXPECT_THAT(found[0].text, HasSubstr(GetParam().what));
    EXPECT_EQ(found[0].step, "scripts/10-x.sh");
    EXPECT_TRUE(found[0].argv.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Use, Refused,
    testing::Values(RefusalRow{"of_cd", "cd /", "line 2: cd: restricted"},
                    RefusalRow{"of_output", "echo >/dev/null", "line 2: /dev/null: restricted"},
                    RefusalRow{"of_appending", "echo >>/dev/null", "/dev/null: restricted"},
                    RefusalRow{"of_both_outputs", "echo &>/dev/null", "/dev/null: restricted"},
                    RefusalRow{"of_reading_and_writing", ": <>/dev/null", "/dev/null: restricted"},
                    RefusalRow{"of_a_name_with_blanks", "echo >'/dev/my null'", "/dev/my null: restricted"},
                    RefusalRow{"of_a_path_as_command", "/bin/true", "/bin/true: restricted"},
                    RefusalRow{"of_a_path_to_dot", ". /dev/null", "/dev/null: restricted"},
                    RefusalRow{"of_exec", "exec true", "exec: restricted"},
                    RefusalRow{"of_path", "PATH=/bin", "PATH: readonly variable"},
                    RefusalRow{"of_shell", "SHELL=/bin/sh", "SHELL: readonly variable"},
                    RefusalRow{"of_env", "ENV=/x", "ENV: readonly variable"},
                    RefusalRow{"of_bash_env", "export BASH_ENV=/x", "BASH_ENV: readonly variable"},
                    RefusalRow{"of_hash", "hash -p /bin/ls x", "/bin/ls: restricted"},
                    RefusalRow{"of_enable", "enable -f /x y", "restricted"},
                    RefusalRow{"of_command_p", "command -p true", "restricted"},
                    RefusalRow{"in_a_function", "f() { cd /; }; f", "cd: restricted"},
                    RefusalRow{"in_a_subshell", "(cd /)", "cd: restricted"},
                    RefusalRow{"in_eval", "eval 'cd /'", "cd: restricted"},
                    RefusalRow{"in_a_pipe", "true | cd /", "cd: restricted"}),
    [](const auto& row) { return std::string{row.param.name}; });

INSTANTIATE_TEST_SUITE_P(Builtin, Refused,
                         testing::Values(RefusalRow{"of_unset_path", "unset PATH", "PATH"},
                                         RefusalRow{"of_declare_path", "declare PATH=/bin", "PATH"},
                                         RefusalRow{"of_local_path", "f() { local PATH=/bin; }; f", "PATH"}),
                         [](const auto& row) { return std::string{row.param.name}; });

class Allowed : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Allowed, ByTheShellIsNoNotice) {
    for (const model::Notice& notice : notices(GetParam().second)) ADD_FAILURE() << notice.text;
}

INSTANTIATE_TEST_SUITE_P(Use, Allowed,
                         testing::Values(std::pair{"of_input", "read -r x </etc/passwd || :"},
                                         std::pair{"of_an_output_that_is_open", "echo hello >&2"},
                                         std::pair{"of_words", "echo 'x: restricted' >&2"},
                                         std::pair{"of_a_missing_command", "no-such-command"},
                                         std::pair{"of_a_readonly_variable", "readonly x=1; x=2"},
                                         std::pair{"of_an_unset_variable", "set -u; echo $nothing"}),
                         [](const auto& row) { return std::string{row.param.first}; });

} // namespace
} // namespace disco::module
