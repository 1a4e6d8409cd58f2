// Servers that are there, half there and gone.

#include "tests/support/rsync_daemon.hpp"
#include "tests/support/ssh_daemon.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
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
    /// A setting of this machine, below disco/client/.
    void set_client(const std::string& name, const std::string& value) {
        const auto result =
            disco({"param", "set", "--state-dir", state(), "--node", node, "disco/client/" + name, value});
        ASSERT_EQ(result.exit, 0) << result.error;
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

/// A socket that listens on 127.0.0.1, on a port of its own.
class Listener {
public:
    Listener() : fd_{sys::check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "make a socket")} {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        sys::check(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size), "bind");
        sys::check(::listen(fd_.get(), 5), "listen");
        sys::check(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), "name");
        port_ = ntohs(address.sin_port);
    }
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] std::string uri() const { return fmt::format("rsync://127.0.0.1:{}/universe", port_); }

private:
    sys::UniqueFd fd_;
    int port_ = 0;
};

/// Greets each client as an rsync daemon does, and then sends it a byte of its message of the day every tenth
/// of a second, for half a minute at most.
class TricklingServer {
public:
    [[nodiscard]] std::string uri() const { return listener_.uri(); }

private:
    void serve(const std::stop_token& stopped) const {
        constexpr std::string_view greeting = "@RSYNCD: 32.0 sha512 sha256 sha1 md5 md4\n";
        constexpr std::string_view line = "welcome\n";
        std::vector<sys::UniqueFd> clients;
        for (std::size_t turn = 0; turn < 300 && !stopped.stop_requested(); ++turn) {
            pollfd wait = {listener_.fd(), POLLIN, 0};
            if (::poll(&wait, 1, 100) == 1) {
                sys::UniqueFd client{::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC)};
                if (!client) continue;
                (void)::send(client.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
                clients.push_back(std::move(client));
            }
            for (const sys::UniqueFd& client : clients)
                (void)::send(client.get(), &line[turn % line.size()], 1, MSG_NOSIGNAL);
        }
    }

    Listener listener_;
    std::jthread thread_{[this](const std::stop_token& stopped) { serve(stopped); }};
};

TEST_F(Fetch, AServerThatTricklesIsLeftWhenTheLimitIsOver) {
    const TricklingServer trickling;
    server = trickling.uri();
    set_client("fetch_timeout", "2"); // bytes do come
    set_client("fetch_limit", "3");
    const auto begin = std::chrono::steady_clock::now();
    const auto result = noop();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(result.exit, 75) << result.output << result.error;
    EXPECT_THAT(result.error, AllOf(HasSubstr("cannot fetch the parameters of node 'web1' from '" + server),
                                    HasSubstr("the whole fetch was not done after 3 seconds"),
                                    HasSubstr("disco/client/fetch_limit")));
    EXPECT_GE(took.count(), 3);
    EXPECT_LT(took.count(), 15);
}

TEST_F(Fetch, AServerThatNeverAnswersTimesOut) {
    const Listener silent; // something listens and says nothing
    server = silent.uri();
    set_client("fetch_timeout", "2");
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

/// rsync and a daemon take less than 1000 words, and a shell there one of 128 KiB.
class ManyNames : public Fetch {
protected:
    static constexpr int count = 1200;
    static std::string name(int number) { return fmt::format("{}-{:04}", std::string(110, 'n'), number); }
    void SetUp() override {
        Fetch::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        std::string all;
        for (int i = 0; i < count; ++i) {
            module_file(name(i), "parameters/many/" + std::to_string(i), "x");
            parameter("roles/" + name(i), "many_roles/" + std::to_string(i), "x");
            all += "roles/" + name(i) + "\n";
            want(name(i));
        }
        parameter("web1", "inherits", all);
        script("m", "10-x.sh", "disco-param keys many | wc -l; disco-param keys many_roles | wc -l\n");
    }
    /// Of a node without a copy, of one whose copy is the server's, and when one of all differs.
    void fetch_thrice() {
        for (const bool changed : {false, false, true}) {
            if (changed) module_file("m", "files/etc/m", "second\n");
            const auto result = noop();
            ASSERT_EQ(result.exit, 0) << result.output << result.error;
            const auto report = last_report();
            EXPECT_EQ(report.at("modules").size(), count + 1U);
            EXPECT_THAT(module_of(report, "m").dump(), HasSubstr(fmt::format("{0}\\n{0}\\n", count)));
            EXPECT_EQ(sys::read_file(state() / "modules/m/files/etc/m"), changed ? "second\n" : "first\n");
            for (int i = 0; i < count; i += 100)
                EXPECT_EQ(
                    sys::read_file(state() / "modules" / name(i) / "parameters/many" / std::to_string(i)),
                    "x");
        }
    }
};

TEST_F(ManyNames, AreFetchedFromADaemon) {
    serve();
    fetch_thrice();
    want("absent");
    const auto missing = noop();
    EXPECT_EQ(missing.exit, 78);
    EXPECT_THAT(missing.error, HasSubstr("absent"));
}

TEST_F(ManyNames, AreFetchedFromADirectory) { fetch_thrice(); }

TEST_F(ManyNames, AreFetchedBySsh) {
    std::optional<SshDaemon> sshd{std::in_place};
    server = sshd->uri(universe());
    set_client("cmds/rsync", sys::quote_words(sshd->rsync_words()));
    fetch_thrice();
    sshd.reset();
    wait_for_orphans();
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
