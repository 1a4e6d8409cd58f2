// disco-param as bash functions, read by BASH_ENV, in free and in restricted shells.

#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <filesystem>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Prelude : public testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        parameter("app/port", "8080\n\n");
        parameter("app/text", "two\nlines");
        parameter("app/odd name", "x"); // never asked for
        parameter("app/deep/er", "3\n");
        parameter("empty", "");
    }
    void parameter(const fs::path& name, std::string_view value) {
        fs::create_directories((directory_.path() / name).parent_path());
        sys::write_file(directory_.path() / name, value, 0644);
    }
    [[nodiscard]] static fs::path templates() { return fs::path{DISCO_SOURCE_DIR} / "templates"; }

    /// Runs a script text in bash with the prelude; standard output, and what it exited with.
    [[nodiscard]] sys::ProgramResult bash(const std::string& script) const {
        std::vector<std::string> argv = {"/bin/bash"};
        if (GetParam()) argv.emplace_back("--restricted");
        argv.insert(argv.end(), {"-c", script});
        return sys::run_program({.argv = argv,
                                 .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "DISCO_NODE=web1",
                                                 "BASH_ENV=" + (templates() / "prelude.bash").string(),
                                                 "DISCO_PARAMETERS=" + directory_.path().string()},
                                 .input = {},
                                 .timeout = std::chrono::seconds{30}});
    }
    [[nodiscard]] std::string output(const std::string& script) const {
        const sys::ProgramResult result = bash(script);
        EXPECT_EQ(result.exit, 0) << script << ": " << result.error;
        EXPECT_EQ(result.error, "") << script;
        return result.output;
    }

private:
    sys::OwnedDirectory directory_{fs::temp_directory_path(), "prelude-test-"};
};

TEST_P(Prelude, GetsValuesWithoutTheirLastNewlines) {
    EXPECT_EQ(output("disco-param get app/port"), "8080\n");
    EXPECT_EQ(output("disco-param get app/text"), "two\nlines\n");
    EXPECT_EQ(output("disco-param get empty"), "\n");
    EXPECT_EQ(output("echo \"<$(disco-param get app/port)>\""), "<8080>\n");
}

TEST_P(Prelude, GetsADefaultForWhatIsNotThere) {
    EXPECT_EQ(output("disco-param get -d 80 app/none"), "80\n");
    EXPECT_EQ(output("disco-param get -d 80 app/port"), "8080\n");
}

TEST_P(Prelude, ListsAndDumps) {
    EXPECT_EQ(output("disco-param keys"), "app\nempty\n");
    EXPECT_EQ(output("disco-param keys app"), "deep\nodd name\nport\ntext\n");
    EXPECT_EQ(output("disco-param dump app/deep"), "app/deep/er = 3\n");
    EXPECT_EQ(output("disco-param dump"), "app = {}\napp/deep = {}\napp/deep/er = 3\napp/odd name = x\n"
                                          "app/port = 8080\napp/text = two\\nlines\nempty = \n");
}

TEST_P(Prelude, WorksTwiceAndInAnyOrder) {
    EXPECT_EQ(output("disco-param keys app/deep; disco-param get app/port; disco-param keys app/deep; "
                     "disco-param get -d 1 x"),
              "er\n8080\ner\n1\n");
}

TEST_P(Prelude, DoesNotMindTheCallersOptions) {
    EXPECT_EQ(output("set -euo pipefail; shopt -s nullglob failglob nocaseglob extglob; set -f; IFS=p; "
                     "disco-param get app/port; disco-param keys app; disco-param get -d 1 x"),
              "8080\ndeep\nodd name\nport\ntext\n1\n");
}

TEST_P(Prelude, LeavesTheShellAsItWas) {
    // What a plain bash has, and what one with the prelude has after it was used.
    const std::string look = "set -o; shopt; alias; compgen -v | grep -v -e ^BASH -e ^PIPESTATUS -e ^_$";
    const std::string after = output("disco-param get app/port; disco-param keys app; " + look);
    const sys::ProgramResult plain = sys::run_program(
        {.argv = GetParam() ? std::vector<std::string>{"/bin/bash", "--restricted", "-c", look}
                            : std::vector<std::string>{"/bin/bash", "-c", look},
         .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "DISCO_NODE=web1", "DISCO_PARAMETERS=x"},
         .input = {},
         .timeout = std::chrono::seconds{30}});
    EXPECT_EQ(after, "8080\ndeep\nodd name\nport\ntext\n" + plain.output);
}

struct BadRow {
    const char *words, *message;
};

TEST_P(Prelude, RefusesBadNamesAndSaysThem) {
    for (const BadRow& row : {BadRow{"get ../x", "../x"},
                              BadRow{"get /etc/passwd", "must not begin with '/'"},
                              BadRow{"get a//b", "a//b"},
                              BadRow{"get app/..", "app/.."},
                              BadRow{"get app/.", "app/."},
                              BadRow{"get app/", "app/"},
                              BadRow{"get 'a b'", "a b"},
                              BadRow{"get ''", "needs a name"},
                              BadRow{"get app", "'app' is a tree"},
                              BadRow{"get app/none", "no parameter 'app/none'"},
                              BadRow{"keys ../x", "../x"},
                              BadRow{"keys none", "no tree 'none'"},
                              BadRow{"dump app/port", "no tree 'app/port'"},
                              BadRow{"get", "usage"},
                              BadRow{"get a b", "usage"},
                              BadRow{"keys a b", "usage"},
                              BadRow{"", "usage"},
                              BadRow{"sing", "usage"},
                              BadRow{"set app/port 1", "read-only"},
                              BadRow{"delete app", "read-only"}}) {
        const sys::ProgramResult result = bash(std::string{"disco-param "} + row.words);
        EXPECT_EQ(result.exit, 1) << row.words;
        EXPECT_EQ(result.output, "") << row.words;
        EXPECT_THAT(result.error, HasSubstr("disco-param: ")) << row.words;
        EXPECT_THAT(result.error, HasSubstr(row.message)) << row.words;
    }
}

TEST_P(Prelude, GetStartsNoProcess) {
    // A shell that may have no further process can still get a value.
    EXPECT_EQ(output("read -r first rest < /proc/self/stat; disco-param get app/port; "
                     "[[ $BASHPID == $$ ]] && echo same"),
              "8080\nsame\n");
    const std::string traced =
        output("set -T; trap 'echo \"$BASH_SUBSHELL\"' DEBUG; disco-param get app/port");
    EXPECT_EQ(traced.find("1\n"), std::string::npos) << "a subshell is a process";
}

INSTANTIATE_TEST_SUITE_P(Bash, Prelude, testing::Bool(),
                         [](const auto& row) { return std::string{row.param ? "restricted" : "free"}; });

} // namespace
} // namespace disco::tests
