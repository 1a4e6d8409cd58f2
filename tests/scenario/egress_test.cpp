// Network egress, with a network of the test's own in place of the host's.

#include "runner/sys/error.hpp"
#include "tests/support/private_network.hpp"
#include "tests/support/processes.hpp"
#include "tests/support/throw_away.hpp"

#include <csignal>
#include <cstdlib>
#include <optional>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* loopback_resolver = "search example.test\nnameserver 127.0.0.53\noptions attempts:1\n";

class EgressTest : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        need({"/dev/net/tun", "/usr/bin/pasta", "/usr/bin/slirp4netns"});
        if (IsSkipped() || HasFatalFailure()) return;
        network_.emplace();
        servers_.emplace();
        network_->on_the_other_machine([&] {
            servers_->greet("10.88.0.1", 7002, "from another machine\n");
            servers_->resolve("10.88.0.1", "10.88.0.1");
        });
        servers_->greet("127.0.0.1", 7001, "from loopback\n");
        servers_->resolve("127.0.0.53", "10.88.0.1");
        servers_->start();
    }
    void TearDown() override {
        resolver_.reset();
        servers_.reset();
        network_.reset();
        DanceTest::TearDown();
    }

    /// The program finds only these, and rsync.
    void only(const std::vector<std::string>& programs) {
        const fs::path bin = place() / "only";
        fs::create_directories(bin);
        fs::create_symlink("/usr/bin/rsync", bin / "rsync");
        for (const std::string& program : programs)
            fs::create_symlink(fs::path{"/usr/bin"} / program, bin / program);
        search_path = bin;
        ::setenv("PATH", bin.c_str(), 1); // for what `start` starts
    }
    /// What is found as pasta is a shell script.
    void pretend_pasta(const std::string& commands) {
        only({});
        put(place() / "only/pasta", "#!/bin/bash\n" + commands + "\n", 0755);
    }
    void host_resolver(const std::string& text) { resolver_.emplace(place(), text); }

    [[nodiscard]] sys::ProgramResult run_shell(const std::string& network, const std::string& command) const {
        return disco({"exec", "--noop", "--root", root(), "--state-dir", state(), "--network", network, "--",
                      "bash", "-c", command});
    }
    /// A module whose script tries to read what the other machine says.
    void asking_module(const std::string& name, const std::string& settings) {
        module_file(name, "sandbox", "profile simulate\n" + settings);
        script(name, "10-ask.sh",
               fmt::format("#!/bin/bash\n(cat </dev/tcp/10.88.0.1/7002) 2>&1 | grep -o 'from.*\\|unreach.*' "
                           "> /etc/said-{}\n",
                           name));
        want(name);
    }

    std::optional<PrivateNetwork> network_;
    std::optional<LittleServers> servers_;
    std::optional<HostResolverFile> resolver_;
};

class EgressBy : public EgressTest, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        EgressTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        only({GetParam()});
    }
};

TEST_P(EgressBy, ReachesOtherMachinesAndTheReportSaysSo) {
    const auto result = run_shell("egress", "cat </dev/tcp/10.88.0.1/7002");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("from another machine"), HasSubstr("network egress"), HasSubstr(GetParam())));
    const auto notice = last_report().at("modules").at(0).at("notices").at(0);
    EXPECT_EQ(notice.at("kind"), "network");
    EXPECT_THAT(notice.at("text").get<std::string>(), HasSubstr(GetParam()));
}

TEST_P(EgressBy, DoesNotReachTheLoopbackOfTheHost) {
    host_resolver(loopback_resolver);
    // The gateway's address, and the addresses that the programs answer for themselves.
    const auto result = run_shell(
        "egress",
        "for host in 127.0.0.1 10.77.0.1 10.77.0.2 10.88.0.2 169.254.1.1 169.254.2.2 169.254.2.3; do "
        "timeout 0.5 bash -c \"cat </dev/tcp/$host/7001\"; done; "
        "exec 3<>/dev/udp/127.0.0.53/53 && echo question >&3; cat </dev/tcp/10.88.0.1/7002");
    EXPECT_THAT(result.output, AllOf(HasSubstr("from another machine"), Not(HasSubstr("from loopback"))));
    EXPECT_EQ(servers_->asked("127.0.0.1"), 0);
    EXPECT_EQ(servers_->asked("127.0.0.53"), 0);
}

TEST_P(EgressBy, ResolvesNamesByTheHostsResolver) {
    host_resolver("nameserver 10.88.0.1\n");
    const auto result = run_shell("egress", "getent ahostsv4 name.example.test; cat /etc/resolv.conf");
    EXPECT_THAT(result.output, AllOf(HasSubstr("10.88.0.1 "), HasSubstr("nameserver 10.88.0.1\n")));
    EXPECT_GT(servers_->asked("10.88.0.1"), 0);
}

TEST_P(EgressBy, ResolvesNamesByAResolverOnLoopback) {
    host_resolver(loopback_resolver);
    const auto result = run_shell("egress", "getent ahostsv4 name; cat /etc/resolv.conf");
    EXPECT_THAT(result.output, AllOf(HasSubstr("10.88.0.1 "), HasSubstr("search example.test\n"),
                                     HasSubstr("options attempts:1\n"), Not(HasSubstr("127.0.0"))));
    EXPECT_GT(servers_->asked("127.0.0.53"), 0);
}

TEST_P(EgressBy, ChangesNothingInTheTree) {
    host_resolver(loopback_resolver);
    module_file("a", "sandbox", "network egress\nprofile simulate\n");
    script("a", "10-ask.sh", "#!/bin/bash\ngetent ahostsv4 name.example.test\n");
    want("a");
    const auto dances = [&](const char* what) {
        const Snapshot before = root_snapshot();
        const auto result = live({"--verbose"});
        EXPECT_EQ(result.exit, 0) << what << result.output << result.error;
        EXPECT_THAT(result.output, HasSubstr("10.88.0.1 ")) << what;
        EXPECT_THAT(changes_of(last_report(), "a"), IsEmpty()) << what;
        EXPECT_EQ(difference(before, root_snapshot()), "") << what;
    };
    dances("no file");
    fs::create_symlink("../run/systemd/resolve/stub-resolv.conf", root() / "etc/resolv.conf");
    dances("a symlink to where nothing is");
    fs::remove(root() / "etc/resolv.conf");
    put(root() / "etc/resolv.conf", "nameserver 192.0.2.1\n");
    dances("a file");
}

TEST_P(EgressBy, AModuleMayDeliverResolvConf) {
    host_resolver(loopback_resolver);
    asking_module("a", "network egress\n");
    module_file("a", "files/etc/resolv.conf", "nameserver 192.0.2.9\n");
    put(root() / "etc/resolv.conf", "nameserver 192.0.2.1\n");
    EXPECT_EQ(live().exit, 0);
    EXPECT_THAT(changes_of(last_report(), "a"),
                testing::ElementsAre("modified /etc/resolv.conf", "created /etc/said-a"));
    EXPECT_EQ(read("etc/resolv.conf"), "nameserver 192.0.2.9\n");
    EXPECT_EQ(read("etc/said-a"), "from another machine\n");
    const auto again = live();
    EXPECT_EQ(last_report().at("run").at("outcome"), "in-sync") << again.output;
}

TEST_P(EgressBy, TheHostsNetworkComesWithItsResolver) {
    host_resolver("nameserver 10.88.0.1\n");
    fs::create_symlink("../run/systemd/resolve/stub-resolv.conf", root() / "etc/resolv.conf");
    EXPECT_THAT(run_shell("host", "cat /etc/resolv.conf").output, HasSubstr("nameserver 10.88.0.1\n"));
    fs::remove(root() / "etc/resolv.conf");
    put(root() / "etc/resolv.conf", "nameserver 192.0.2.1\n");
    EXPECT_THAT(run_shell("host", "cat /etc/resolv.conf").output, HasSubstr("nameserver 192.0.2.1\n"));
}

TEST_P(EgressBy, ScriptsSeeResolvConfReadOnly) {
    put(root() / "etc/resolv.conf", "nameserver 192.0.2.1\n");
    const auto result = run_shell(
        "egress", "echo x > /etc/resolv.conf || mv /etc/motd /etc/resolv.conf || echo both refused");
    EXPECT_THAT(result.output, HasSubstr("both refused"));
    EXPECT_EQ(result.exit, 0);
    EXPECT_THAT(last_report().at("modules").at(0).at("changes"), IsEmpty());
}

TEST_P(EgressBy, IsForTheModulesThatAskForIt) {
    asking_module("a", "network egress\n");
    asking_module("b", "");
    asking_module("c", "network egress\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/said-a"), "from another machine\n");
    EXPECT_THAT(read("etc/said-b"), HasSubstr("unreach"));
    EXPECT_EQ(read("etc/said-c"), "from another machine\n");
    const auto notices = module_of(last_report(), "b").at("notices");
    ASSERT_EQ(notices.size(), 1U);
    EXPECT_THAT(notices.at(0).at("text").get<std::string>(), HasSubstr("no network here"));
    EXPECT_EQ(module_of(last_report(), "c").at("notices").size(), 1U);
}

TEST_P(EgressBy, MayBeTheRuleForAllModules) {
    asking_module("a", "");
    asking_module("b", "network isolated\n");
    EXPECT_EQ(live({"--network", "egress"}).exit, 0);
    EXPECT_EQ(read("etc/said-a"), "from another machine\n");
    EXPECT_THAT(read("etc/said-b"), HasSubstr("unreach"));
}

TEST_P(EgressBy, OpensNoPortOfTheHostAndLeavesNothingWhateverEndsTheRun) {
    host_resolver(loopback_resolver);
    module_file("a", "sandbox", "network egress\nprofile simulate\n");
    script("a", "10-sleep.sh",
           "#!/bin/bash\n(sleep 0.3; exec cat) </dev/tcp/10.88.0.1/7002\necho sleeping\nsleep 100\n");
    want("a");
    const auto ports = open_ports();
    for (const int signal : {SIGINT, SIGTERM, SIGKILL}) {
        fs::remove(place() / "log");
        const pid_t child = start(dance_words({"--noop"}));
        ASSERT_TRUE(wait_for_script()) << log();
        EXPECT_THAT(log(), HasSubstr("from another machine"));
        EXPECT_EQ(open_ports(), ports);
        ::kill(child, signal);
        EXPECT_EQ(exit_of(child), signal == SIGKILL ? 1000 + signal : 128 + signal);
        // Killed outright it cannot wait for its children, which die with it and become ours.
        if (signal == SIGKILL) wait_for_orphans();
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process outlived the run";
    }
    script("a", "10-sleep.sh", "#!/bin/bash\nexit 3\n");
    EXPECT_EQ(noop().exit, 4); // and its scratch directory, which the last one has left, is gone
}

TEST_P(EgressBy, StartedAndInterruptedAtAnyTime) {
    asking_module("a", "network egress\n");
    for (useconds_t delay = 5'000; delay < 100'000; delay += 7'000) {
        const pid_t child = start(dance_words({"--noop"}));
        ::usleep(delay);
        ::kill(child, SIGINT);
        const int exit = exit_of(child);
        EXPECT_TRUE(exit == 130 || exit == 0 || exit == 1000 + SIGINT) << exit << log();
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process outlived the run";
    }
}

INSTANTIATE_TEST_SUITE_P(Programs, EgressBy, testing::Values("pasta", "slirp4netns"),
                         [](const auto& row) { return std::string{row.param}; });

TEST_F(EgressTest, PrefersPasta) {
    only({"pasta", "slirp4netns"});
    EXPECT_THAT(run_shell("egress", "true").output, HasSubstr("pasta"));
}

TEST_F(EgressTest, NeedsOneOfTwoPackages) {
    only({});
    script("a", "10-a.sh", "#!/bin/bash\necho a > /etc/a\n");
    want("a");
    asking_module("b", "network egress\n");
    const Snapshot before = root_snapshot();
    for (const auto& result : {run_shell("egress", "true"), live()}) {
        EXPECT_EQ(result.exit, 78) << result.output << result.error;
        EXPECT_THAT(result.output + result.error,
                    AllOf(HasSubstr("package passt"), HasSubstr("package slirp4netns")));
    }
    EXPECT_THAT(last_report().at("modules"), IsEmpty()) << "told before the first module";
    EXPECT_EQ(difference(before, root_snapshot()), "");
}

TEST_F(EgressTest, AProgramThatCannotConnectIsQuoted) {
    pretend_pasta("echo 'no route today'; exit 1");
    asking_module("a", "network egress\n");
    const auto result = noop();
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("pasta ended before it was ready"), HasSubstr("no route today")));
}

TEST_F(EgressTest, AProgramThatIsNeverReadyCanBeInterrupted) {
    pretend_pasta("/bin/sleep 100 & /bin/sleep 101");
    asking_module("a", "network egress\n");
    const pid_t child = start(dance_words({"--noop"}));
    ASSERT_NE(wait_for_process({"/bin/sleep 101"}), 0);
    ::kill(child, SIGINT);
    EXPECT_EQ(exit_of(child), 130) << log();
}

TEST_F(EgressTest, AProgramThatEndsTooSoonFailsTheNextModule) {
    pretend_pasta("echo 1; /bin/sleep 0.2");
    for (const char* name : {"a", "b"}) {
        module_file(name, "sandbox", "network egress\nprofile simulate\n");
        script(name, "10-sleep.sh", "#!/bin/bash\nsleep 0.5\n");
        want(name);
    }
    const auto result = noop();
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output, HasSubstr("pasta has ended"));
    EXPECT_EQ(module_of(last_report(), "b").at("outcome"), "failed");
}

TEST_F(EgressTest, IsolatedStaysIsolatedAndTheHostsNetworkIsReported) {
    const std::string ask = "cat </dev/tcp/10.88.0.1/7002; cat </dev/tcp/127.0.0.1/7001";
    const auto isolated = run_shell("isolated", ask);
    EXPECT_THAT(isolated.output, AllOf(Not(HasSubstr("from ")), Not(HasSubstr("network:"))));
    const auto shared = run_shell("host", ask);
    EXPECT_THAT(shared.output, AllOf(HasSubstr("from another machine"), HasSubstr("from loopback"),
                                     HasSubstr("shared the host's network")));
    EXPECT_EQ(last_report().at("modules").at(0).at("notices").at(0).at("kind"), "network");
}

} // namespace
} // namespace disco::tests
