// What bash completes of a command line of disco.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class Completed : public DanceTest {
protected:
    /// The words that the last one of a line may become.
    [[nodiscard]] std::vector<std::string> completed(const std::vector<std::string>& words) const {
        const auto file = source_tree() / "completion/disco";
        std::vector<std::string> argv = {"/bin/bash", "-c",
                                         ". \"$0\"; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _disco; "
                                         "printf '%s\\n' \"${COMPREPLY[@]}\"",
                                         file};
        argv.insert(argv.end(), words.begin(), words.end());
        const auto result =
            sys::run_program({.argv = argv,
                              .environment = {"PATH=" + disco_binary().parent_path().string() +
                                              ":/usr/sbin:/usr/bin:/sbin:/bin"},
                              .input = {},
                              .timeout = std::chrono::seconds{20}});
        EXPECT_EQ(result.error, "");
        std::vector<std::string> found;
        std::istringstream lines{result.output};
        for (std::string line; std::getline(lines, line);)
            if (!line.empty()) found.push_back(line);
        return found;
    }
};

TEST_F(Completed, AreCommandsAndOptions) {
    EXPECT_THAT(completed({"disco", "ro"}), ElementsAre("rollback"));
    EXPECT_THAT(completed({"disco", ""}), AllOf(Contains("exec"), Contains("status"), Not(Contains("get"))));
    EXPECT_THAT(completed({"disco-param", "de"}), ElementsAre("delete"));
    EXPECT_THAT(completed({"disco", "policy", ""}), ElementsAre("show", "check"));
    EXPECT_THAT(completed({"disco", "module", ""}), ElementsAre("check", "new", "graph"));
    EXPECT_THAT(completed({"disco", "module", "check", "--s"}), ElementsAre("--strict"));
    EXPECT_THAT(completed({"disco", "module", "graph", "/us"}), ElementsAre("/usr"));
    EXPECT_THAT(completed({"disco-run", "--n"}), ElementsAre("--noop", "--node", "--network"));
    EXPECT_THAT(completed({"disco", "runs", "--fa"}), ElementsAre("--failed"));
    EXPECT_THAT(completed({"disco-run", "--noop", "--di"}), ElementsAre("--diff"));
    EXPECT_THAT(completed({"disco-run", "--network", "e"}), ElementsAre("egress"));
    EXPECT_THAT(completed({"disco", "frobnicate", ""}), Not(Contains("frobnicate")));
    EXPECT_THAT(completed({"disco", "exec", "--noop", "--", "x"}), IsEmpty()) << "that is anybody's";
}

/// The same completion is asked by zsh, which has names of its own for it.
TEST_F(Completed, AreTheSameInZsh) {
    need({"/usr/bin/zsh"});
    if (IsSkipped() || HasFatalFailure()) return;
    const auto in_zsh = [&](const std::vector<std::string>& line) {
        std::vector<std::string> argv = {
            "/usr/bin/zsh",
            "-f",
            "-c",
            "fpath=($1 $fpath); shift; autoload -Uz _disco\n"
            "compadd() { print -rl -- \"${(@P)@[-1]}\" }; _files() { print files }\n"
            "words=(\"$@\"); CURRENT=$#; _disco",
            "-",
            source_tree() / "completion"};
        argv.insert(argv.end(), line.begin(), line.end());
        sys::ProgramSpec spec;
        spec.argv = argv;
        spec.environment = {"PATH=" + disco_binary().parent_path().string() +
                            ":/usr/sbin:/usr/bin:/sbin:/bin"};
        const auto result = sys::run_program(spec);
        EXPECT_EQ(result.error, "");
        return result.output;
    };
    EXPECT_EQ(in_zsh({"disco", "ro"}), "rollback\n");
    EXPECT_EQ(in_zsh({"disco-run", "--n"}), "--noop\n--node\n--network\n");
    EXPECT_EQ(in_zsh({"disco", "module", "graph", "/us"}), "files\n");
    EXPECT_EQ(in_zsh({"disco", "exec", "--", "x"}), "files\n");
}

TEST_F(Completed, AreRunsModulesNodesAndParameters) {
    want("web");
    module_file("web", "files/etc/x", "x\n");
    parameter("web1", "site/port", "80");
    ASSERT_EQ(noop().exit, 0);
    const std::string run = last_report().at("run").at("id"), place = state();
    ASSERT_EQ(disco({"param", "set", "--state-dir", place, "--node", "web1", "site/name", "a b"}).exit, 0);
    EXPECT_THAT(completed({"disco", "report", "--state-dir", place, ""}), ElementsAre("last", run));
    EXPECT_THAT(completed({"disco", "rollback", "--state-dir", place, run.substr(0, 8)}), ElementsAre(run));
    EXPECT_THAT(completed({"disco-run", "--state-dir", place, "--module", "w"}), ElementsAre("web"));
    EXPECT_THAT(completed({"disco-run", "--state-dir", place, "--node", ""}), ElementsAre("web1"));
    EXPECT_THAT(completed({"disco", "param", "get", "--state-dir", place, "--node", "web1", "site/"}),
                ElementsAre("site/name", "site/port"));
    EXPECT_THAT(completed({"disco", "report", "--state-dir", place, run, ""}), IsEmpty());
}

} // namespace
} // namespace disco::tests
