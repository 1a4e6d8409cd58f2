// The walkthrough of 2012: two modules, from every kind of server, in a no-op and live.

#include "tests/support/rsync_daemon.hpp"
#include "tests/support/ssh_daemon.hpp"
#include "tests/support/throw_away.hpp"

#include <optional>

#include <unistd.h>

#include <gmock/gmock.h>

#include "runner/sys/printable.hpp"

namespace disco::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Walkthrough : public DanceTest, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        script("testmodule-1.0", "00-hello.sh", "#!/bin/bash\necho \"Hello from $DISCO_MODULE\"\n");
        script("testmodule-1.0", "10-service_stop.sh", "#!/bin/bash\nservice postgresql stop\n");
        module_file("othermodule-3.2", "templates/etc/othermodule/stuff.cfg",
                    "echo \"host $(hostname)\"\necho \"value $(disco-param get other/value)\"\n");
        parameter("web1", "other/value", "forty-two\n");
        want("testmodule-1.0");
        want("othermodule-3.2");
        // For the live dance: what the second script calls.
        put(root() / "usr/sbin/service", "#!/bin/sh\necho \"$@\" >> /var/log/services\n", 0755);
        serve(GetParam());
    }

    void TearDown() override {
        rsyncd_.reset(); // they are children of the test, which has to have none at the end
        sshd_.reset();
        DanceTest::TearDown();
    }

private:
    void serve(std::string_view kind) {
        if (kind == "rsyncd") {
            rsyncd_.emplace(std::vector<RsyncDaemon::Share>{{"universe", universe()}});
            server = rsyncd_->uri("universe");
        } else if (kind == "rsyncd_module_each") {
            rsyncd_.emplace(RsyncDaemon::one_module_each(universe()));
            server = rsyncd_->uri("");
        } else if (kind == "ssh") {
            sshd_.emplace();
            server = sshd_->uri(universe());
            // How to call rsync is a setting of the client.
            const auto set = disco({"param", "set", "--state-dir", state(), "--node", node,
                                    "disco/client/cmds/rsync", sys::quote_words(sshd_->rsync_words())});
            ASSERT_TRUE(set.succeeded()) << set.error;
        }
    }

    std::optional<RsyncDaemon> rsyncd_;
    std::optional<SshDaemon> sshd_;
};

std::string host_name() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

TEST_P(Walkthrough, NoopShowsAndChangesNothing) {
    const Snapshot before = root_snapshot();
    const auto result = noop({"--diff"});
    EXPECT_EQ(difference(before, root_snapshot()), "");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("+ /etc/othermodule/stuff.cfg"));
    EXPECT_THAT(result.output, HasSubstr("+host " + host_name() + "\n      +value forty-two"));
    EXPECT_THAT(result.output, HasSubstr("> would stop: postgresql"));
    EXPECT_THAT(result.error, HasSubstr("Hello from testmodule-1.0"));
    EXPECT_THAT(result.error, HasSubstr("warning: Would execute: service postgresql stop"));
}

TEST_P(Walkthrough, LiveBringsTheMachineThere) {
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/othermodule/stuff.cfg"), "host " + host_name() + "\nvalue forty-two\n");
    EXPECT_EQ(read("var/log/services"), "postgresql stop\n");
    const auto report = last_report();
    EXPECT_EQ(report.at("run").at("outcome"), "merged");
    EXPECT_THAT(changes_of(report, "othermodule-3.2"),
                ElementsAre("created /etc/othermodule", "created /etc/othermodule/stuff.cfg"));
    EXPECT_THAT(changes_of(report, "testmodule-1.0"), IsEmpty()); // the service was stopped after the merge
    for (const auto& module : report.at("modules"))
        if (module.at("name") == "testmodule-1.0") {
            EXPECT_EQ(module.at("actions").at(0).at("argv"),
                      (nlohmann::json{"service", "postgresql", "stop"}));
            EXPECT_EQ(module.at("actions").at(0).at("outcome"), "done");
        }
}

INSTANTIATE_TEST_SUITE_P(From, Walkthrough,
                         testing::Values("directory", "rsyncd", "rsyncd_module_each", "ssh"),
                         [](const auto& row) { return std::string{row.param}; });

} // namespace
} // namespace disco::tests
