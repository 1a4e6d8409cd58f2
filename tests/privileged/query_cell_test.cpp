// The cell of a question to the machine: what it cannot do, what it is told, and that nothing of it stays.

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>
#include <sstream>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

sys::UniqueFd listen_at(const sockaddr_un& address, socklen_t size, int type) {
    sys::UniqueFd socket{sys::check(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "make a socket")};
    sys::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), "bind a socket");
    if (type == SOCK_STREAM) sys::check(::listen(socket.get(), 8), "listen");
    return socket;
}

class QueryCell : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        // /tmp, where tests have their files, is not shown to a question.
        sys::check(::mount("tmpfs", open_place().c_str(), "tmpfs", 0, "mode=0777"), "mount on", open_place());
        fs::create_directories(open_place() / "state");
        fs::copy_file(build_tree() / "tests/cell_payload", payload());
        put(open_place() / "victim", "as it was\n", 0666);
        put(open_place() / "state/secret", "secret\n", 0666);
        sys::check(::setxattr((open_place() / "victim").c_str(), "user.victim", "x", 1, 0), "set",
                   "user.victim");
        put("/tmp/cell-secret", "secret\n", 0666);
        for (const auto& [name, type] : {std::pair{"socket", SOCK_STREAM}, {"datagrams", SOCK_DGRAM}}) {
            const fs::path path = open_place() / name;
            sockaddr_un address = {};
            address.sun_family = AF_UNIX;
            std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
            sockets_.push_back(listen_at(address, sizeof address, type));
            sys::check(::chmod(path.c_str(), 0777), "open", path);
        }
        sockaddr_un abstract = {};
        abstract.sun_family = AF_UNIX;
        constexpr std::string_view name{"\0disco-cell-test", 16};
        name.copy(abstract.sun_path, name.size());
        sockets_.push_back(listen_at(
            abstract, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size()), SOCK_STREAM));
    }
    void TearDown() override {
        sockets_.clear();
        fs::remove("/tmp/cell-secret");
        ::umount2(open_place().c_str(), MNT_DETACH);
        ThrowAwayTest::TearDown();
    }
    /// Where everybody may write, if no wall stands before it.
    [[nodiscard]] static fs::path open_place() { return "/srv"; }
    [[nodiscard]] static fs::path payload() { return open_place() / "payload"; }

    static sys::ProgramResult ask(const std::vector<std::string>& options,
                                  const std::vector<std::string>& command) {
        std::vector<std::string> words = {build_tree() / "lib/disco/disco-on-host", "query", "/"};
        words.insert(words.end(), options.begin(), options.end());
        words.emplace_back("--");
        words.insert(words.end(), command.begin(), command.end());
        return sys::run_program({.argv = std::move(words),
                                 .environment = {std::string{"PATH="} + sys::usual_path},
                                 .input = {},
                                 .timeout = std::chrono::seconds{20}});
    }
    /// Everything is tried; the lines of what got through.
    std::vector<std::string> attempt(std::vector<std::string> options) {
        options.push_back("--hide=" + (open_place() / "state").string());
        const auto result = ask(options, {payload(), open_place()});
        EXPECT_EQ(result.exit, 0) << result.error;
        std::vector<std::string> escaped;
        std::size_t lines = 0;
        std::istringstream text{result.output};
        for (std::string line; std::getline(text, line); ++lines)
            if (line.find(": held: ") == std::string::npos) escaped.push_back(line);
        EXPECT_GT(lines, 60U) << result.output;
        return escaped;
    }

private:
    std::vector<sys::UniqueFd> sockets_;
};

struct NeedsRow {
    const char* name;
    std::vector<std::string> options;
};
std::ostream& operator<<(std::ostream& stream, const NeedsRow& row) { return stream << row.name; }

class QueryCellWith : public QueryCell, public testing::WithParamInterface<NeedsRow> {};

TEST_P(QueryCellWith, NothingCanBeChangedOrTakenOut) {
    const Snapshot before = snapshot(open_place());
    const bool reads_all = GetParam().options == std::vector<std::string>{"--need=read-all"};
    auto escaped = attempt(GetParam().options);
    // What its need is.
    if (reads_all) std::erase_if(escaped, [](const auto& line) { return line.starts_with("shadow: "); });
    if (GetParam().options == std::vector<std::string>{"--need=ptrace"})
        std::erase_if(escaped, [](const auto& line) {
            return line.starts_with("process_environment: ") || line.starts_with("own_parents_files: ");
        });
    EXPECT_THAT(escaped, IsEmpty());
    EXPECT_EQ(difference(before, snapshot(open_place())), "");
}

INSTANTIATE_TEST_SUITE_P(Needs, QueryCellWith,
                         testing::Values(NeedsRow{"nothing", {}}, NeedsRow{"read_all", {"--need=read-all"}},
                                         NeedsRow{"ptrace", {"--need=ptrace"}}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST_F(QueryCell, IsAUserOfItsOwnWithoutRights) {
    const auto result =
        ask({}, {"sh", "-c", "id -u; id -G; grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status"});
    EXPECT_THAT(result.output,
                testing::MatchesRegex("655[23][0-9]\n655[23][0-9]\n(Cap...:\t0000000000000000\n)"
                                      "{5}NoNewPrivs:\t1\nSeccomp:\t2\n"));
    const auto second = ask({"--need=net-admin"}, {"grep", "-c", "0000000000001000", "/proc/self/status"});
    EXPECT_EQ(second.output, "5\n");
}

TEST_F(QueryCell, SeesTheMountsOfTheMachine) {
    const auto native = sys::run_program(
        {.argv = {"cat", "/proc/self/mountinfo"}, .environment = {}, .input = {}, .timeout = {}});
    EXPECT_EQ(ask({}, {"cat", "/proc/self/mountinfo"}).output, native.output);
}

TEST_F(QueryCell, SeesTheMachinesProcessesAndNotThoseThatStandForItself) {
    const auto result =
        ask({"--hide-process=" + std::to_string(::getpid())},
            {"sh", "-c", "ls /proc/1/ | grep -c cmdline; cat /proc/[0-9]*/cmdline | tr '\\0' ' '"});
    EXPECT_THAT(result.output, testing::StartsWith("1\n"));
    EXPECT_THAT(result.output, Not(HasSubstr("disco-on-host")));
    EXPECT_THAT(result.output, Not(HasSubstr("query_cell_test")));
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
