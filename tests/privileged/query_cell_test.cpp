// The cell of a question to the machine: what it cannot do, what it is told, and that nothing of it stays.

#include "tests/support/automount.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/question_cell.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/program.hpp"
#include "runner/sys/unique_fd.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class QueryCell : public QuestionCellTest {
protected:
    /// Of everything that is tried: the names of what got through.
    std::vector<std::string> escaped(const std::vector<std::string>& options) {
        const auto results = attempt(options);
        EXPECT_GT(results.size(), 55U);
        std::vector<std::string> names;
        for (const auto& [name, result] : results)
            if (result.escaped) names.push_back(name);
        return names;
    }
};

struct NeedsRow {
    const char* name;
    std::vector<std::string> options;
};
std::ostream& operator<<(std::ostream& stream, const NeedsRow& row) { return stream << row.name; }

class QueryCellWith : public QueryCell, public testing::WithParamInterface<NeedsRow> {};

TEST_P(QueryCellWith, NothingCanBeChangedOrTakenOut) {
    const Snapshot before = snapshot(open_place());
    std::vector<std::string> meant; // what its need is
    if (GetParam().name == std::string{"ptrace"}) meant = {"process_environment"};
    EXPECT_THAT(escaped(GetParam().options), testing::IsSubsetOf(meant));
    EXPECT_EQ(difference(before, snapshot(open_place())), "");
}

INSTANTIATE_TEST_SUITE_P(
    Needs, QueryCellWith,
    testing::Values(NeedsRow{"nothing", {}}, NeedsRow{"read_all", {"--need=read-all"}},
                    NeedsRow{"ptrace", {"--need=ptrace", "--need=read-all"}}, NeedsRow{"bus", {"--need=bus"}},
                    NeedsRow{"rules", {"--need=net-admin"}}, NeedsRow{"interfaces", {"--need=interfaces"}},
                    NeedsRow{"bus_and_interfaces", {"--need=bus", "--need=interfaces"}},
                    NeedsRow{"daemon", {"--need=docker-socket"}}, NeedsRow{"root", {"--need=root-user"}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(QueryCell, WakesNoAutomounter) {
    const std::filesystem::path net = open_place() / "net";
    const std::vector<std::string> look = {"timeout", "-s", "KILL", "2", "stat", net / "host/file"};
    for (const char* need : {"--need=read-all", "--need=root-user", "--need=bus"}) {
        const Automount automount{net};
        put(net / "there/file", "mounted\n", 0644);
        EXPECT_NE(ask({need}, look).exit, 0) << need;
        EXPECT_EQ(ask({need}, {"cat", net / "there/file"}).output, "mounted\n") << need;
        EXPECT_FALSE(automount.woken()) << need;
    }
    const Automount automount{net};
    (void)sys::run_program({.argv = {"stat", net / "host/file"},
                            .environment = {"PATH=/usr/bin:/bin"},
                            .input = {},
                            .timeout = std::chrono::seconds{1}});
    EXPECT_TRUE(automount.woken()) << "nor does anybody else";
}

TEST_F(QueryCell, IsAUserOfItsOwnWithoutRights) {
    const auto result =
        ask({}, {"sh", "-c", "id -u; id -G; grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status"});
    EXPECT_THAT(result.output,
                testing::MatchesRegex("655[23][0-9]\n655[23][0-9]\n(Cap...:\t0000000000000000\n)"
                                      "{5}NoNewPrivs:\t1\nSeccomp:\t2\n"));
    // What takes a capability is done for it.
    const auto second =
        ask({"--need=net-admin"}, {"grep", "-c", "Cap...:.0000000000000000", "/proc/self/status"});
    EXPECT_EQ(second.output, "5\n");
}

/// Somebody's, who does nothing until it is killed. It is his when this returns.
pid_t start_idle(uid_t user) {
    std::array<int, 2> ends = {-1, -1};
    sys::check(::pipe2(ends.data(), O_CLOEXEC), "make", "a pipe");
    const sys::UniqueFd reading{ends[0]};
    sys::UniqueFd writing{ends[1]};
    const pid_t idle = ::fork();
    if (idle != 0) {
        writing.reset();
        char byte = 0;
        EXPECT_EQ(::read(reading.get(), &byte, 1), 0);
        return idle;
    }
    if (::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0) ::_exit(1);
    writing.reset();
    ::alarm(60);
    for (;;) ::pause();
}

void expect_alive_and_end(const std::vector<pid_t>& processes) {
    for (const pid_t process : processes) {
        EXPECT_EQ(::waitpid(process, nullptr, WNOHANG), 0) << "it has ended";
        ::kill(process, SIGKILL);
        ::waitpid(process, nullptr, 0);
    }
}

/// With an id that a question could have: in a container without a user namespace, say.
TEST_F(QueryCell, EndsNoProcessesOfOthers) {
    const std::vector<pid_t> others = {start_idle(65520), start_idle(65521)};
    for (int i = 0; i < 3; ++i) {
        const auto result = ask({}, {"id", "-u"});
        EXPECT_THAT(result.output, testing::AllOf(Not(HasSubstr("65520")), Not(HasSubstr("65521"))));
        EXPECT_EQ(result.exit, 0) << result.error;
    }
    expect_alive_and_end(others);
}

/// The kernel counts the processes of a user together.
TEST_F(QueryCell, MayStartProcessesWhereNobodyHasMany) {
    std::vector<pid_t> others;
    for (int i = 0; i < 80; ++i) others.push_back(start_idle(65534));
    const auto result = ask({"--need=bus"}, {"sh", "-c", "id -u; true | true; echo so"});
    EXPECT_EQ(result.output, "65534\nso\n") << result.error;
    expect_alive_and_end(others);
}

TEST_F(QueryCell, IsNeverRootToServices) {
    for (const std::vector<std::string>& needs :
         {std::vector<std::string>{"--need=bus"}, {"--need=bus", "--need=root-user"}})
        EXPECT_EQ(ask(needs, {"id", "-u"}).output, "65534\n");
    EXPECT_EQ(ask({"--need=root-user"}, {"id", "-u"}).output, "0\n");
}

TEST_F(QueryCell, MayAskTheDaemonOfContainers) {
    EXPECT_THAT(ask({"--need=docker-socket"}, {payload(), "--information"}).output,
                HasSubstr("HTTP/1.1 200 information"));
    EXPECT_EQ(ask({}, {payload(), "--information"}).output, "\n");
}

TEST_F(QueryCell, SeesTheMountsOfTheMachine) {
    const auto native = sys::run_program(
        {.argv = {"cat", "/proc/self/mountinfo"}, .environment = {}, .input = {}, .timeout = {}});
    EXPECT_EQ(ask({}, {"cat", "/proc/self/mountinfo"}).output, native.output);
}

// In another tree: those in the tree, as they are, and none of what covers what a question must not see.
TEST_F(QueryCell, SeesTheMountsOfATree) {
    const auto tree = place() / "tree";
    std::filesystem::create_directory(tree);
    ASSERT_EQ(::mount("/", tree.c_str(), nullptr, MS_BIND, nullptr), 0);
    const auto told = [&](const char* file) {
        const auto result = sys::run_program(
            {.argv = {build_tree() / "lib/disco/disco-on-host", "query", tree, "--", "cat", file},
             .environment = {std::string{"PATH="} + sys::usual_path},
             .input = {},
             .timeout = std::chrono::seconds{30}});
        EXPECT_EQ(result.exit, 0) << result.error;
        return result.output;
    };
    const std::string mounts = told("/proc/self/mountinfo"), old_form = told("/proc/self/mounts");
    ::umount2(tree.c_str(), MNT_DETACH);
    EXPECT_EQ(std::count(mounts.begin(), mounts.end(), '\n'), 1) << mounts;
    EXPECT_THAT(mounts, HasSubstr(" / / rw"));
    EXPECT_EQ(std::count(old_form.begin(), old_form.end(), '\n'), 1) << old_form;
}

TEST_F(QueryCell, SeesTheMachinesProcessesAndNotThoseThatStandForItself) {
    const std::string self = std::to_string(::getpid());
    const std::string look =
        "test -e /proc/1/cmdline && test ! -e /proc/" + self +
        "/cmdline && echo so; for p in /proc/[0-9]*; do case $(tr '\\0' ' ' < $p/cmdline) in "
        "*disco-on-hos[t]*cell-toke[n]*) echo found;; esac; done 2> /dev/null";
    EXPECT_EQ(ask({"--hide-process=" + self}, {"sh", "-c", look, "cell-token"}).output, "so\n");
}

TEST_F(QueryCell, EverythingItStartedEndsWithIt) {
    const auto result = ask({}, {"bash", "-c", "setsid sleep 4711 & (sleep 4711 &) & echo started"});
    EXPECT_EQ(result.output, "started\n");
    EXPECT_EQ(result.exit, 0);
    const auto left = ask({"--need=root-user"}, {"bash", "-c", "sleep 4711 & setsid sleep 4711 & exit 3"});
    EXPECT_EQ(left.exit, 3);
    const auto processes =
        sys::run_program({.argv = {"sh", "-c", "cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' ' '"},
                          .environment = {},
                          .input = {},
                          .timeout = {}});
    EXPECT_THAT(processes.output, Not(HasSubstr("sleep 4711 ")));
}

TEST_F(QueryCell, IsNotTheFirstProcessOfItsNamespace) {
    const auto numbers =
        ask({"--need=root-user"}, {"sh", "-c", "test $$ != 1 && sh -c 'test $PPID != 1'; echo $?"});
    EXPECT_EQ(numbers.output, "0\n") << numbers.error;
}

TEST_F(QueryCell, OneThatForksWithoutEndIsHeldAndEnded) {
    const auto started = std::chrono::steady_clock::now();
    const auto result =
        ask({}, {"bash", "-c", "b() { sleep 0.01; b & b & }; b 2> /dev/null; sleep 1; echo end"});
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{15});
    EXPECT_THAT(result.output + result.error, testing::AnyOf(HasSubstr("end"), HasSubstr("unavailable")));
}

/// The kernel does not count root's. As a real command would that has gone wrong: it is bounded in any case.
TEST_F(QueryCell, OneOfRootThatForksWithoutEndIsHeldAndEnded) {
    put(open_place() / "sysctl",
        "#!/usr/bin/perl\n$0 = 'cell-fork-bomb';\n"
        "for (1 .. 1000) { my $child = fork // last; if (!$child) { sleep 60; exit } ++$count }\n"
        "print \"$count\\n\";\n",
        0755);
    const auto started = std::chrono::steady_clock::now();
    const auto result = ask({"--need=root-user"}, {open_place() / "sysctl"});
    EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds{15});
    EXPECT_GT(std::atoi(result.output.c_str()), 100) << result.error;
    EXPECT_LE(std::atoi(result.output.c_str()), 256) << result.output;
    const auto left =
        sys::run_program({.argv = {"sh", "-c", "cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' ' '"},
                          .environment = {},
                          .input = {},
                          .timeout = {}});
    EXPECT_THAT(left.output, Not(HasSubstr("cell-fork-bomb")));
    // And what starts some is not kept from it.
    EXPECT_EQ(
        ask({"--need=root-user"}, {"sh", "-c", "for i in $(seq 100); do /bin/true; done; echo so"}).output,
        "so\n");
}

TEST_F(QueryCell, ACommandThatIsNotThereIs127) {
    const auto result = ask({}, {"/nonexistent"});
    EXPECT_EQ(result.exit, 127);
    EXPECT_THAT(result.error, HasSubstr("disco: cannot run '/nonexistent': No such file or directory"));
}

TEST_F(QueryCell, OtherWordsAreRefused) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{"--need=everything"},
                                                    {"--hide=relative"},
                                                    {"--hide-process=1/../2"},
                                                    {"--x"}}) {
        const auto result = ask(options, {"true"});
        EXPECT_EQ(result.exit, 125) << options[0];
        EXPECT_THAT(result.error, HasSubstr("usage: "));
    }
}

} // namespace
} // namespace disco::tests
