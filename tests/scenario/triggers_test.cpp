// Commands that a change sets off: once, only then, and again until they have succeeded.

#include "tests/support/throw_away.hpp"

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Triggers : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        want("app");
        want("web");
        module_file("app", "files/etc/app/app.conf", "one\n");
        module_file("web", "triggers", "etc/app/**  etc/other -> sh -c 'echo reloaded >>/var/log/done'\n");
        fs::create_directories(root() / "var/log");
    }
    [[nodiscard]] std::string done() const {
        return sys::read_file_if_exists(root() / "var/log/done").value_or("");
    }
    /// "MODULE: WORDS OUTCOME" of the last run's actions.
    [[nodiscard]] std::vector<std::string> actions() const {
        std::vector<std::string> found;
        const nlohmann::json report = last_report();
        for (const auto& module : report.at("modules"))
            for (const auto& action : module.at("actions"))
                found.push_back(module.at("name").get<std::string>() + ": " +
                                action.at("argv").at(0).get<std::string>() + " " +
                                action.at("outcome").get<std::string>());
        return found;
    }
    [[nodiscard]] std::string owed() const {
        return sys::read_file_if_exists(state() / "triggers").value_or("");
    }
};

TEST_F(Triggers, AreSetOffByAnybodysChangeOnce) {
    script("app", "10-more.sh", "for i in 1 2 3; do echo $i > /etc/app/$i; done\n");
    const auto dry = noop();
    EXPECT_EQ(dry.exit, 0) << dry.error;
    EXPECT_THAT(dry.output, HasSubstr("    > would execute: sh -c 'echo reloaded >>/var/log/done'  (web)\n"));
    EXPECT_THAT(actions(), ElementsAre("web: sh pending"));
    EXPECT_EQ(done(), "");
    EXPECT_EQ(owed(), "") << "a dry run owes nothing";
    const std::string fingerprint = last_report().at("fingerprint");
    const auto merged = live();
    EXPECT_EQ(merged.exit, 0) << merged.error;
    EXPECT_EQ(last_report().at("fingerprint"), fingerprint);
    EXPECT_THAT(merged.output, HasSubstr("1 action done"));
    EXPECT_EQ(done(), "reloaded\n");
    EXPECT_EQ(owed(), "");
    EXPECT_THAT(live({"--detailed-exitcode"}).output, HasSubstr("in sync, nothing to change"));
    EXPECT_EQ(done(), "reloaded\n");
    module_file("app", "files/etc/elsewhere", "x\n");
    ASSERT_EQ(live().exit, 0);
    EXPECT_EQ(done(), "reloaded\n") << "that matches nothing";
}

TEST_F(Triggers, OfTwoModulesForOneServiceAreOneAction) {
    for (const char* module : {"app", "web"})
        module_file(module, "triggers", "etc/app/** -> systemctl reload x\n");
    EXPECT_THAT(noop().output, AllOf(HasSubstr("would reload: x"), HasSubstr("1 action pending")));
}

TEST_F(Triggers, ThatFailedArePendingUntilTheyHaveSucceeded) {
    module_file("web", "triggers", "etc/app/** -> sh -c '[ -e /etc/works ] && echo done >>/var/log/done'\n");
    const auto failed = live();
    EXPECT_EQ(failed.exit, 6);
    EXPECT_THAT(owed(), HasSubstr("web sh -c "));
    EXPECT_THAT(noop().output, HasSubstr("1 action pending"));
    EXPECT_EQ(live().exit, 6) << "though no file changes";
    put(root() / "etc/works", "");
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(done(), "done\n");
    EXPECT_EQ(owed(), "");
    EXPECT_THAT(live().output, HasSubstr("in sync"));
    EXPECT_EQ(done(), "done\n");
}

TEST_F(Triggers, OfARunThatWasKilledArePendingInTheNext) {
    module_file(
        "web", "triggers",
        "etc/app/** -> sh -c ': >/etc/begun; [ -e /etc/second ] || sleep 30; echo done >>/var/log/done'\n");
    const pid_t run = start(dance_words({}));
    for (int tenths = 0; tenths < 200 && !fs::exists(root() / "etc/begun"); ++tenths) ::usleep(100'000);
    ASSERT_EQ(::kill(run, SIGKILL), 0);
    EXPECT_EQ(exit_of(run), 1000 + SIGKILL);
    wait_for_orphans();
    put(root() / "etc/second", "");
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(done(), "done\n");
}

TEST_F(Triggers, ThatAreNotThereAnyMoreAreOwedNoMore) {
    module_file("web", "triggers", "etc/app/** -> false\n");
    ASSERT_EQ(live().exit, 6);
    module_file("web", "triggers", "etc/app/** -> true\n");
    EXPECT_THAT(live().output, HasSubstr("in sync"));
    EXPECT_EQ(owed(), "");
}

TEST_F(Triggers, OfWhatIsNotMergedAreNotOwed) {
    script("app", "10-fail.sh", "exit 3\n");
    EXPECT_EQ(live().exit, 4);
    EXPECT_THAT(actions(), IsEmpty());
    EXPECT_EQ(owed(), "");
    fs::remove(universe() / "modules/app/scripts/10-fail.sh");
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(done(), "reloaded\n");
}

TEST_F(Triggers, ThatCannotBeUnderstoodAreAllNamed) {
    module_file("web", "triggers", "etc/x true\n\n-> true\n");
    const auto refused = noop();
    EXPECT_EQ(refused.exit, 78);
    EXPECT_THAT(refused.error,
                AllOf(HasSubstr("modules/web/triggers:1: "), HasSubstr("modules/web/triggers:3: ")));
    const auto checked = disco({"module", "check", universe()});
    EXPECT_EQ(checked.exit, 4);
    EXPECT_THAT(checked.output,
                AllOf(HasSubstr("modules/web/triggers:1: error: "), HasSubstr("triggers:3: error: ")));
}

TEST_F(Triggers, AreInASavedPlan) {
    ASSERT_EQ(noop({"--save", place() / "plan"}).exit, 0);
    const auto applied = disco({"apply", place() / "plan", "--state-dir", state()});
    EXPECT_EQ(applied.exit, 0) << applied.error;
    EXPECT_EQ(done(), "reloaded\n");
}

} // namespace
} // namespace disco::tests
