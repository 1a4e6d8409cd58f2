// Servers that are there, half there and gone.

#include "tests/support/rsync_daemon.hpp"
#include "tests/support/ssh_daemon.hpp"
#include "tests/support/throw_away.hpp"

#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Fetch : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        module_file("m", "files/etc/m", "first\n");
        want("m");
    }
    void TearDown() override {
        rsyncd.reset();
        DanceTest::TearDown();
    }
    void serve() {
        rsyncd.emplace(std::vector<RsyncDaemon::Share>{{"universe", universe()}});
        server = rsyncd->uri("universe");
    }
    /// How many times the daemon was connected to since it started.
    [[nodiscard]] static std::size_t count(const std::string& text, std::string_view word) {
        std::size_t found = 0;
        for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
        return found;
    }
    std::optional<RsyncDaemon> rsyncd;
};

TEST_F(Fetch, ServerGoneIsTryAgainAndKeepsTheLastGoodCopy) {
    serve();
    ASSERT_EQ(noop().exit, 0);
    rsyncd->stop();
    const auto gone = noop();
    EXPECT_EQ(gone.exit, 75) << gone.output << gone.error;
    EXPECT_THAT(gone.output + gone.error, HasSubstr(server));
    EXPECT_THAT(gone.output + gone.error, HasSubstr("Connection refused")); // rsync's own words
    const auto offline = noop({"--offline"});
    EXPECT_EQ(offline.exit, 0) << offline.output << offline.error;
    EXPECT_THAT(changes_of(last_report(), "m"), ElementsAre("created /etc/m"));
}

TEST_F(Fetch, UnknownRsyncModuleIsBadConfiguration) {
    serve();
    server = rsyncd->uri("nothere");
    const auto result = noop();
    EXPECT_EQ(result.exit, 78) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("nothere"));
    EXPECT_THAT(result.output + result.error, HasSubstr("Unknown module"));
}

TEST_F(Fetch, MissingModuleNamesItAndTheServer) {
    want("absent");
    for (const char* layout : {"universe", "each", "directory"}) {
        if (layout == std::string_view{"universe"}) serve();
        if (layout == std::string_view{"each"}) {
            rsyncd.emplace(RsyncDaemon::one_module_each(universe()));
            server = rsyncd->uri("");
        }
        if (layout == std::string_view{"directory"}) server = universe();
        const auto result = noop();
        EXPECT_EQ(result.exit, 78) << layout << result.output << result.error;
        EXPECT_THAT(result.output + result.error, HasSubstr("absent")) << layout;
    }
}

TEST_F(Fetch, AChangeOnTheServerArrives) {
    serve();
    ASSERT_EQ(live().exit, 0);
    EXPECT_EQ(read("etc/m"), "first\n");
    module_file("m", "files/etc/m", "other\n"); // of the same size
    module_file("m", "files/etc/n", "new\n");
    ASSERT_EQ(live().exit, 0);
    EXPECT_EQ(read("etc/m"), "other\n");
    fs::remove(universe() / "modules/m/files/etc/n");
    ASSERT_EQ(live().exit, 0);
    EXPECT_FALSE(fs::exists(state() / "modules/m/files/etc/n"));
}

/// What was fetched with it must not keep the mended one from being fetched.
TEST_F(Fetch, ASettingThatWasWrongOnTheServerCanBeMendedThere) {
    serve();
    parameter("web1", "disco/client/timeout", "abc");
    EXPECT_EQ(live().exit, 78);
    const auto again = live();
    EXPECT_EQ(again.exit, 78);
    EXPECT_THAT(again.error, HasSubstr("which is fetched again with this machine's own settings"));
    EXPECT_EQ(live({"--offline"}).exit, 78);
    parameter("web1", "disco/client/timeout", "100");
    EXPECT_EQ(live().exit, 0);
}

/// As in 2012: ssh starts the daemon, as a user whose rsyncd.conf says what it serves.
TEST_F(Fetch, ADaemonIsReachedByARemoteShell) {
    const SshDaemon sshd;
    const fs::path config = place() / "rsyncd.conf";
    const std::string share = "use chroot = no\nread only = yes\n[universe]\npath = " + universe().string() +
                              "\n[parameters]\npath = " + (universe() / "parameters").string() +
                              "\n[m]\npath = " + (universe() / "modules/m").string() + "\n";
    put(config, share);
    ASSERT_EQ(disco({"param", "set", "--state-dir", state(), "--node", node, "disco/client/cmds/rsync",
                     sys::quote_words({"rsync", "--rsh", sshd.ssh_command() + " -l root", "--rsync-path",
                                       "rsync --config=" + config.string()})})
                  .exit,
              0);
    for (const char* uri : {"127.0.0.1::universe", "127.0.0.1::"}) {
        server = uri;
        const auto result = live();
        ASSERT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_EQ(read("etc/m"), "first\n");
        fs::remove(root() / "etc/m");
        EXPECT_EQ(noop().exit, 0);
    }
    server = "127.0.0.1::nothere";
    const auto absent = noop();
    EXPECT_EQ(absent.exit, 78);
    EXPECT_THAT(absent.output + absent.error, HasSubstr("no rsync module of that name"));
    wait_for_orphans();
}

TEST_F(Fetch, AnUnreadableFileFailsAndKeepsTheLastGoodCopy) {
    // The daemon serves as nobody, and a part of the module is not for it to read.
    rsyncd.emplace(std::vector<RsyncDaemon::Share>{{"universe", universe(), "uid = 65534\ngid = 65534"}});
    server = rsyncd->uri("universe");
    ASSERT_EQ(live().exit, 0);
    module_file("m", "files/etc/m", "second\n");
    module_file("m", "files/etc/secret", "s\n", 0600);
    const auto result = live();
    EXPECT_EQ(result.exit, 78) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("Permission denied"));
    EXPECT_EQ(sys::read_file(state() / "modules/m/files/etc/m"), "first\n");
    EXPECT_EQ(read("etc/m"), "first\n");
}

TEST_F(Fetch, AServerThatNeverAnswersTimesOut) {
    // Something listens and says nothing.
    const int listener = sys::check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket");
    const sys::UniqueFd owner{listener};
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener, 5), 0);
    ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    server = "rsync://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/universe";
    ASSERT_EQ(
        disco({"param", "set", "--state-dir", state(), "--node", node, "disco/client/fetch_timeout", "2"})
            .exit,
        0);
    const auto result = noop();
    EXPECT_EQ(result.exit, 75) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr(server));
}

TEST_F(Fetch, OneHoldingModuleTakesAConstantNumberOfConnections) {
    for (int i = 0; i < 40; ++i) {
        const std::string name = "n" + std::to_string(i);
        module_file(name, "files/etc/" + name, "x\n");
        if (i > 0) module_file(name, "requires", "after n" + std::to_string(i - 1) + "\n");
    }
    want("n39");
    serve();
    ASSERT_EQ(noop().exit, 0);
    const std::size_t first = count(rsyncd->log(), "allowed access");
    EXPECT_LE(first, 4U);
    ASSERT_EQ(noop().exit, 0);
    EXPECT_LE(count(rsyncd->log(), "allowed access") - first, 2U); // nothing changed
}

TEST_F(Fetch, InheritanceIsFollowed) {
    parameter("web1", "inherits", "roles/web\nos/debian-12\n");
    parameter("roles/web", "inherits", "base\n");
    parameter("base", "a", "base\n");
    parameter("base", "b", "base\n");
    parameter("roles/web", "b", "web\n");
    parameter("os/debian-12", "c", "debian\n");
    parameter("web1", "c", "own\n");
    script("m", "10-x.sh", "disco-param dump\n");
    serve();
    const auto result = noop();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    const std::string output = module_of(last_report(), "m").at("steps").at(1).at("output");
    EXPECT_THAT(output, HasSubstr("a = base\nb = web\nc = own\n"));
}

TEST_F(Fetch, WhatIsInheritedAndNotThereIsNamedAndNothingElse) {
    parameter("web1", "inherits", "roles/web\nos/debian-12\n");
    parameter("roles/web", "a", "web\n");
    parameter("os/debian-12", "inherits", "os/nosuch\nos/debian\n");
    parameter("os/debian", "a", "debian\n");
    for (const bool daemon : {false, true}) {
        if (daemon) serve();
        const auto result = noop();
        EXPECT_EQ(result.exit, 78);
        EXPECT_THAT(result.error, HasSubstr("has no 'parameters/os/nosuch', which "
                                            "'parameters/os/debian-12/inherits' names"));
        EXPECT_THAT(result.error, Not(HasSubstr("roles/web")));
    }
}

TEST_F(Fetch, SshWithoutAKeyIsRefused) {
    std::optional<SshDaemon> sshd{std::in_place};
    server = sshd->uri(universe());
    ASSERT_EQ(disco({"param", "set", "--state-dir", state(), "--node", node, "disco/client/cmds/rsync",
                     sys::quote_words(sshd->rsync_words_without_key())})
                  .exit,
              0);
    const auto result = noop();
    EXPECT_EQ(result.exit, 78) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("Permission denied"));
    EXPECT_THAT(result.output + result.error, HasSubstr(server));
    sshd.reset();
    wait_for_orphans();
}

TEST_F(Fetch, SshThatIsLateWithItsExitCodeIsRefusedToo) {
    const fs::path ssh = place() / "late-ssh";
    put(ssh,
        "#!/bin/sh\n"
        "echo 'nobody@nowhere: Permission denied (publickey).' >&2\n"
        "exec sleep 60 </dev/null >/dev/null\n", // rsync ends it
        0755);
    server = "nobody@nowhere:/universe";
    ASSERT_EQ(disco({"param", "set", "--state-dir", state(), "--node", node, "disco/client/cmds/rsync",
                     "rsync -e " + ssh.string()})
                  .exit,
              0);
    const auto result = noop();
    EXPECT_EQ(result.exit, 78) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, HasSubstr("ssh was not let in"));
    wait_for_orphans();
}

TEST_F(Fetch, NoShellReadsTheServersName) {
    server = "host:/tmp/$(touch " + (place() / "owned").string() + ")";
    (void)disco(
        {"param", "set", "--state-dir", state(), "--node", node, "disco/client/cmds/rsync", "/bin/echo"});
    (void)noop();
    EXPECT_FALSE(fs::exists(place() / "owned"));
}

} // namespace
} // namespace disco::tests
