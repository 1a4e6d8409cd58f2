// Actions: that they count as something to do, in which order they are run, and with what.

#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Actions : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        // The host's command, as far as these tests go: it says in the tree what it was asked for.
        put(root() / "usr/bin/systemctl",
            "#!/bin/bash\necho \"$*\" >> /var/log/asked\n"
            "if [ \"$2\" = bad ]; then for i in {1..30}; do echo reason $i; done; exit 3; fi\n",
            0755);
        fs::create_directories(root() / "var/log");
        want("m");
    }
    [[nodiscard]] std::string asked() const {
        return sys::read_file_if_exists(root() / "var/log/asked").value_or("");
    }
    [[nodiscard]] sys::ProgramResult exec(std::vector<std::string> words) const {
        words.insert(words.begin(),
                     {"exec", "--root", root().string(), "--state-dir", state(), "--detailed-exitcode"});
        return disco(words);
    }
};

TEST_F(Actions, AloneArePendingInANoop) {
    script("m", "10-do.sh", "#!/bin/bash\nsystemctl start a\n");
    const auto result = noop({"--detailed-exitcode"});
    EXPECT_EQ(result.exit, 2) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("1 action pending, nothing was run"));
    EXPECT_EQ(last_report().at("run").at("outcome"), "pending");
    EXPECT_EQ(last_report().at("run").at("exit_code"), 2);
    EXPECT_EQ(module_of(last_report(), "m").at("outcome"), "changed");
    EXPECT_THAT(disco({"runs", "--state-dir", state()}).output,
                HasSubstr("noop  pending      exit 2    0 changes, 1 action  "));
    EXPECT_EQ(noop().exit, 0);
    EXPECT_EQ(asked(), "");
}

TEST_F(Actions, OfStrictScriptsMayBeAnyCommand) {
    script("m", "10-do.sh", "#!/bin/bash\ndisco-defer touch /etc/x\n");
    for (const char* profile : {"strict", "simulate", "auto"}) {
        const auto result = noop({"--profile", profile});
        EXPECT_EQ(result.exit, 0) << profile << result.output << result.error;
        EXPECT_THAT(result.output, HasSubstr("1 action pending")) << profile;
    }
}

TEST_F(Actions, AreCountedBesideChanges) {
    script("m", "10-do.sh", "#!/bin/bash\necho x > /etc/x\nsystemctl start a\nsystemctl restart b\n");
    EXPECT_THAT(noop().output, HasSubstr("1 change, 2 actions pending, nothing was merged"));
    const auto result = live({"--detailed-exitcode"});
    EXPECT_EQ(result.exit, 2) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("1 change merged, 2 actions done"));
}

TEST_F(Actions, AreInTheFingerprint) {
    const auto fingerprint_of = [&](const char* text) {
        script("m", "10-do.sh", std::string{"#!/bin/bash\n"} + text);
        EXPECT_EQ(noop().exit, 0);
        return last_report().at("fingerprint").get<std::string>();
    };
    const std::string nothing = fingerprint_of("true"), one = fingerprint_of("systemctl start a"),
                      other = fingerprint_of("systemctl start b"),
                      twice = fingerprint_of("systemctl start a; systemctl start a"),
                      two = fingerprint_of("systemctl start a; systemctl start b"),
                      reversed = fingerprint_of("systemctl start b; systemctl start a");
    EXPECT_EQ(nothing, "");
    EXPECT_NE(one, nothing);
    EXPECT_NE(one, other);
    EXPECT_EQ(one, twice);
    EXPECT_NE(two, one);
    EXPECT_NE(two, reversed);
    const std::string file = fingerprint_of("echo x > /etc/x");
    EXPECT_NE(fingerprint_of("echo x > /etc/x; systemctl start a"), file);
}

TEST_F(Actions, AloneAreRunByALiveDance) {
    script("m", "10-do.sh", "#!/bin/bash\nsystemctl start a\n");
    const auto result = live({"--detailed-exitcode"});
    EXPECT_EQ(result.exit, 2) << result.output << result.error;
    EXPECT_EQ(asked(), "start a\n");
    EXPECT_THAT(result.output, HasSubstr("1 action done"));
    EXPECT_EQ(last_report().at("run").at("outcome"), "merged");
    EXPECT_EQ(last_report().at("merge").at("steps"), 0);
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(disco({"rollback", "--state-dir", state()}).exit, 4) << "there is nothing to roll back";
}

TEST_F(Actions, AloneNeedNoConfirmation) {
    script("m", "10-do.sh", "#!/bin/bash\nsystemctl start a\n");
    const auto result = live({"--confirm", "300"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(asked(), "start a\n");
}

TEST_F(Actions, AloneFailWithExitCode6) {
    script("m", "10-do.sh", "#!/bin/bash\nsystemctl start bad\nsystemctl start a\n");
    const auto result = live({"--quiet"});
    EXPECT_EQ(result.exit, 6) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("1 action done, 1 failed"));
    EXPECT_THAT(result.output, HasSubstr("x systemctl start bad  (m)\n      | … 10 lines earlier\n"));
    EXPECT_THAT(result.output, HasSubstr("      | reason 30\n"));
    EXPECT_THAT(result.output, HasSubstr("the action 'systemctl start bad' of module 'm' exited with 3"));
    EXPECT_THAT(result.output, HasSubstr(" --verbose"));
    EXPECT_EQ(asked(), "start bad\nstart a\n");
}

TEST_F(Actions, OfExecCountToo) {
    const auto told = exec({"--noop", "--", "systemctl", "start", "a"});
    EXPECT_EQ(told.exit, 2) << told.output << told.error;
    EXPECT_THAT(told.output, HasSubstr("1 action pending, nothing was run"));
    EXPECT_EQ(asked(), "");
    const auto done = exec({"--merge", "--", "systemctl", "start", "a"});
    EXPECT_EQ(done.exit, 2) << done.output << done.error;
    EXPECT_EQ(asked(), "start a\n");
    EXPECT_EQ(exec({"--noop", "--", "true"}).exit, 0);
}

TEST_F(Actions, AloneAreSavedAndApplied) {
    script("m", "10-do.sh", "#!/bin/bash\nsystemctl start a\n");
    const std::string plan = place() / "plan";
    ASSERT_EQ(noop({"--save", plan}).exit, 0);
    const auto preview = disco({"apply", plan, "--noop", "--detailed-exitcode", "--state-dir", state()});
    EXPECT_EQ(preview.exit, 2) << preview.output << preview.error;
    EXPECT_EQ(asked(), "");
    const auto result = disco({"apply", plan, "--detailed-exitcode", "--state-dir", state()});
    EXPECT_EQ(result.exit, 2) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("1 action done"));
    EXPECT_EQ(asked(), "start a\n");
}

TEST_F(Actions, OfTwoModulesAreRunOnceAndToldOfInBoth) {
    script("m", "10-do.sh", "#!/bin/bash\nsystemctl restart a\n");
    want("n");
    script("n", "10-do.sh", "#!/bin/bash\nsystemctl restart b\nsystemctl restart a.service\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("2 actions done"));
    EXPECT_EQ(asked(), "restart a\nrestart b\n");
    const auto actions = module_of(last_report(), "n").at("actions");
    ASSERT_EQ(actions.size(), 2U);
    EXPECT_EQ(actions[0].at("repeated"), false);
    EXPECT_EQ(actions[1].at("repeated"), true);
    EXPECT_EQ(actions[1].at("outcome"), "done");
}

TEST_F(Actions, ThatEndTheMachineAreRunWhenAllowed) {
    put(root() / "usr/sbin/reboot", "#!/bin/bash\necho reboot >> /var/log/asked\n", 0755);
    script("m", "10-do.sh", "#!/bin/bash\nreboot\nsystemctl start a\nreboot\necho x > /etc/x\n");
    module_file("m", "checks/10-c.sh", "#!/bin/bash\n! grep reboot /var/log/asked\n", 0755);
    EXPECT_THAT(noop().output, HasSubstr("1 change, 2 actions pending"));
    const auto kept = live({"--detailed-exitcode"});
    EXPECT_EQ(kept.exit, 2) << kept.output << kept.error;
    EXPECT_EQ(asked(), "start a\n");
    EXPECT_THAT(kept.output, HasSubstr("> not run: reboot: it is run only with --allow-reboot\n"));
    EXPECT_THAT(kept.output, HasSubstr("1 change merged, 1 action done, 1 pending"));
    fs::remove(root() / "var/log/asked");

    const auto run = live({"--allow-reboot"});
    EXPECT_EQ(run.exit, 0) << run.output << run.error;
    EXPECT_EQ(asked(), "start a\nreboot\n") << "after the check, and once";
    EXPECT_THAT(run.output, HasSubstr("2 actions done"));
    EXPECT_EQ(module_of(last_report(), "m").at("actions").at(0).at("outcome"), "done");
}

TEST_F(Actions, ThatEndTheMachineAreNotRunAfterAFailure) {
    put(root() / "usr/sbin/reboot", "#!/bin/bash\necho reboot >> /var/log/asked\n", 0755);
    script("m", "10-do.sh", "#!/bin/bash\nreboot\nsystemctl start bad\n");
    const auto result = live({"--allow-reboot"});
    EXPECT_EQ(result.exit, 6) << result.output << result.error;
    EXPECT_EQ(asked(), "start bad\n");
    EXPECT_THAT(result.output, HasSubstr("> not run: reboot: something failed before\n"));
    EXPECT_THAT(result.output, HasSubstr("1 action failed, 1 pending"));
}

TEST_F(Actions, ThatEndTheMachineAloneStayPending) {
    put(root() / "usr/sbin/reboot", "#!/bin/bash\necho reboot >> /var/log/asked\n", 0755);
    const auto kept = exec({"--merge", "--", "reboot"});
    EXPECT_EQ(kept.exit, 2) << kept.output << kept.error;
    EXPECT_THAT(kept.output, HasSubstr("1 action pending, nothing was run"));
    EXPECT_EQ(last_report().at("run").at("outcome"), "pending");
    const auto run = exec({"--merge", "--allow-reboot", "--", "reboot"});
    EXPECT_EQ(run.exit, 2) << run.output << run.error;
    EXPECT_EQ(asked(), "reboot\n");
    EXPECT_EQ(last_report().at("run").at("outcome"), "merged");
}

TEST_F(Actions, AreRunAsTheyWereAskedFor) {
    put(root() / "usr/sbin/iptables-restore",
        "#!/bin/bash\n{ pwd; umask; echo $RULES; cat $1; } >> /var/log/asked\n", 0755);
    script("m", "10-do.sh",
           "#!/bin/bash\nmkdir /etc/rules; cd /etc/rules; echo from file > f; iptables-restore f\n"
           "umask 0027; echo from input | RULES=$'all of\\xff' iptables-restore\n");
    const std::string expected = "/etc/rules\n0022\n\nfrom file\n/etc/rules\n0027\nall of\xff\nfrom input\n";
    const std::string plan = place() / "plan";
    const auto saved = noop({"--save", plan});
    ASSERT_EQ(saved.exit, 0) << saved.output << saved.error;
    const auto result = disco({"apply", plan, "--state-dir", state()});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(asked(), expected);
    fs::remove_all(root() / "etc/rules");
    fs::remove(root() / "var/log/asked");
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(asked(), expected);
}

TEST_F(Actions, KeepTheirMeaning) {
    script("m", "10-do.sh",
           "#!/bin/bash\nfor verb in stop start stop; do systemctl $verb a; done\nsystemctl daemon-reload\n"
           "disco-defer cp /etc/passwd /etc/x; disco-defer rm /etc/x; disco-defer cp /etc/passwd /etc/x\n");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(asked(), "daemon-reload\nstop a\nstart a\nstop a\n");
    EXPECT_TRUE(fs::exists(root() / "etc/x"));
}

/// A script that asks without end costs the run neither its memory nor a report that nobody can read.
TEST_F(Actions, OfManyLargeWordsAreBoundedAndToldShortly) {
    const std::string lines =
        "w=$(printf %0120000d 1); for i in {1..100}; do disco-defer echo $i $w $w $w $w $w "
        "$w $w || ((++n)); done 2> /dev/null; echo refused $n";
    const auto result = exec({"--noop", "--", "bash", "-c", lines});
    EXPECT_EQ(result.exit, 2) << result.error;
    EXPECT_THAT(result.output, testing::ContainsRegex("refused [23][0-9]\n"));
    EXPECT_THAT(result.output, HasSubstr("64 MiB of them until the merge; all further ones were refused"));
    EXPECT_LT(result.output.size(), 200'000U) << "a kilobyte for each";
    EXPECT_LT(result.usage.ru_maxrss, 3 << 19) << "KiB; sanitisers take most of it";
    const auto runs = fs::directory_iterator{state() / "runs"};
    EXPECT_LT(fs::file_size(begin(runs)->path() / "report.json"), 140U << 20)
        << "as an action and as a notice";
}

} // namespace
} // namespace disco::tests
