// Times alone are no change, and a live dance gives them to the live root as the scripts did.

#include "tests/support/throw_away.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr time_t january = 978307200; // 2001-01-01
constexpr time_t june = 1780272000;   // 2026-06-01

class Times : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        for (const char* name : {"etc/a", "etc/b", "etc/c"}) put(root() / name, "x\n");
        fs::create_directory(root() / "etc/d");
        fs::create_symlink("a", root() / "etc/l");
        for (const char* name : {"etc/a", "etc/b", "etc/c", "etc/d", "etc/l"}) set_time(name, june);
        module_file("m", "sandbox", "profile simulate\n");
        want("m");
    }
    void set_time(const std::string& name, time_t moment) const {
        const struct timespec times[2] = {{moment, 0}, {moment, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, (root() / name).c_str(), times, AT_SYMLINK_NOFOLLOW), 0);
    }
    [[nodiscard]] time_t time_of(const std::string& name) const {
        return sys::stat_path(root() / name)->st_mtim.tv_sec;
    }
    /// The last run found nothing to report.
    void expect_in_sync(const sys::ProgramResult& result) {
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        const auto report = last_report();
        EXPECT_EQ(report.at("run").at("outcome"), "in-sync");
        EXPECT_EQ(report.at("fingerprint"), "");
        for (const auto& module : report.at("modules")) {
            EXPECT_EQ(module.at("outcome"), "in-sync");
            EXPECT_THAT(module.at("changes"), IsEmpty());
        }
    }
};

constexpr const char* touch_all = "touch -h -d @978307200 /etc/a /etc/b /etc/d /etc/l\n";

TEST_F(Times, AreGivenAndAreNoChange) {
    script("m", "10-touch", touch_all);
    const Snapshot before = root_snapshot();
    expect_in_sync(noop({"--detailed-exitcode"}));
    EXPECT_EQ(difference(before, root_snapshot()), "");
    expect_in_sync(live({"--detailed-exitcode"}));
    for (const char* name : {"etc/a", "etc/b", "etc/d", "etc/l"}) EXPECT_EQ(time_of(name), january) << name;
    EXPECT_EQ(time_of("etc/c"), june);
    expect_in_sync(live({"--detailed-exitcode"})); // and nothing is left to give
    EXPECT_EQ(last_report().at("merge").at("steps"), 0);
}

TEST_F(Times, OfAStampAreOfTheRun) {
    script("m", "10-touch",
           "touch /etc/a\nsed -i s/x/x/ /etc/b\necho x > /etc/c\ntouch /etc/d/new; rm /etc/d/new\n");
    const time_t started = ::time(nullptr);
    expect_in_sync(live({"--detailed-exitcode"}));
    EXPECT_GE(time_of("etc/a"), started);
    EXPECT_EQ(time_of("etc/b"), june); // the same was written, which is no news
    EXPECT_EQ(time_of("etc/c"), june);
    EXPECT_EQ(time_of("etc/d"), june);
    EXPECT_EQ(last_report().at("merge").at("steps"), 1);
}

/// On another layer, which stands on a base layer.
TEST_F(Times, OfAStampAreOfTheRunInALaterModule) {
    script("m", "10-x", "echo y > /etc/c\n");
    module_file("n", "sandbox", "profile simulate\n");
    module_file("n", "requires", "m\n");
    script("n", "10-touch", "touch /etc/a\necho y > /etc/c\n");
    want("n");
    const time_t started = ::time(nullptr);
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_GE(time_of("etc/a"), started);
    EXPECT_EQ(last_report().at("merge").at("steps"), 2);
}

TEST_F(Times, AreKeptBesideChangesAndUndoneWithThem) {
    script("m", "10-touch", std::string{touch_all} + "echo y > /etc/c\n");
    const Snapshot before = restorable(root());
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(changes_of(last_report(), "m"), std::vector<std::string>{"modified /etc/c"});
    EXPECT_EQ(time_of("etc/a"), january);
    const auto back = disco({"rollback", "--state-dir", state()});
    ASSERT_EQ(back.exit, 0) << back.output << back.error;
    EXPECT_EQ(difference(before, restorable(root())), "");
}

/// Who wants the last change back does not mean the last touch.
TEST_F(Times, AloneAreUndoneWhenNothingElseIsMeant) {
    const auto rollback = [&] { return disco({"rollback", "--state-dir", state()}); };
    script("m", "10-x", "echo y > /etc/c\n");
    ASSERT_EQ(live().exit, 0);
    script("m", "20-touch", "touch -d @978307200 /etc/a\n");
    for (int dances = 0; dances < 7; ++dances) {
        set_time("etc/a", june + dances);
        ASSERT_EQ(live().exit, 0);
    }
    ASSERT_EQ(rollback().exit, 0);
    EXPECT_EQ(read("etc/c"), "x\n");
    EXPECT_EQ(time_of("etc/a"), january);
    fs::remove_all(state());
    set_time("etc/a", june);
    script("m", "10-x", "");
    ASSERT_EQ(live().exit, 0);
    EXPECT_EQ(time_of("etc/a"), january);
    ASSERT_EQ(rollback().exit, 0);
    EXPECT_EQ(time_of("etc/a"), june);
}

/// A script that sets times each time sets them on what it made the first time, which must not stand in the
/// way of undoing the first time.
TEST_F(Times, DoNotKeepAnEarlierRunFromBeingUndone) {
    const auto rollback = [&] { return disco({"rollback", "--state-dir", state()}); };
    script("m", "10-x",
           "mkdir -p /srv/n/o\necho y > /etc/c\necho z > /srv/n/o/p\ntouch /srv/stamp /srv/n/o/p /etc/c\n");
    ASSERT_EQ(live().exit, 0);
    for (int dances = 0; dances < 4; ++dances) expect_in_sync(live());
    for (const char* touched : {"etc/c", "srv/n/o/p", "srv/stamp"}) { // by somebody else
        set_time(touched, january);
        const auto refused = rollback();
        EXPECT_EQ(refused.exit, 8) << touched << refused.output << refused.error;
        expect_in_sync(live());
        EXPECT_EQ(rollback().exit, 8) << "their change was before the last time that was set";
        fs::remove_all(state());
        for (const char* made : {"srv/n", "srv/stamp"}) fs::remove_all(root() / made);
        put(root() / "etc/c", "x\n");
        set_time("etc/c", june);
        ASSERT_EQ(live().exit, 0);
        for (int dances = 0; dances < 2; ++dances) expect_in_sync(live());
    }
    const auto back = rollback();
    ASSERT_EQ(back.exit, 0) << back.output << back.error;
    EXPECT_EQ(read("etc/c"), "x\n");
    EXPECT_FALSE(fs::exists(root() / "srv/n"));
    EXPECT_FALSE(fs::exists(root() / "srv/stamp"));
    EXPECT_EQ(time_of("etc/c"), june);
}

TEST_F(Times, AreGivenWhateverIsNotedOfThem) {
    script("m", "10-touch", touch_all);
    put(state() / "undo/times", "{\"path\":1}\nnonsense");
    const auto result = live();
    expect_in_sync(result);
    EXPECT_THAT(result.error, HasSubstr("undo/times' is damaged"));
    EXPECT_EQ(time_of("etc/a"), january);
    EXPECT_EQ(disco({"rollback", "--state-dir", state()}).exit, 0);
    EXPECT_EQ(time_of("etc/a"), june);
}

/// As a package manager replaces the files of a package by those of the next version, most of which are
/// equal.
TEST_F(Times, OfEqualFilesThatWerePutInThePlace) {
    script("m", "10-x",
           "for f in a b; do cp /etc/$f /etc/$f.new; touch -d @978307200 /etc/$f.new; "
           "mv /etc/$f.new /etc/$f; done\necho y > /etc/c\n");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(changes_of(last_report(), "m"), std::vector<std::string>{"modified /etc/c"});
    EXPECT_EQ(time_of("etc/a"), january);
    EXPECT_EQ(time_of("etc/b"), january);
    // Later than what is there, and earlier than the run.
    script("m", "10-x", "cp /etc/a /etc/a.new; touch -d @1780272000 /etc/a.new; mv /etc/a.new /etc/a\n");
    expect_in_sync(live());
    EXPECT_EQ(time_of("etc/a"), june);
}

TEST_F(Times, OfALaterModuleWin) {
    script("m", "10-touch", "touch -d @978307200 /etc/a /etc/b\n");
    module_file("n", "sandbox", "profile simulate\n");
    module_file("n", "requires", "m\n");
    script("n", "10-touch",
           "[[ /etc/b -ot /etc/c ]] || exit 7\ntouch -d @1000000000 /etc/a\n"
           "touch -d @1780272000 /etc/b\n");
    want("n");
    expect_in_sync(noop());
    expect_in_sync(live());
    EXPECT_EQ(time_of("etc/a"), 1000000000);
    EXPECT_EQ(time_of("etc/b"), june); // put back
}

TEST_F(Times, OfWhatAnotherModuleChangedAndPutBack) {
    script("m", "10-x", "echo y > /etc/a; rm /etc/b\n");
    module_file("n", "sandbox", "profile simulate\n");
    module_file("n", "requires", "m\n");
    script("n", "10-x", "echo x > /etc/a; echo x > /etc/b; touch -d @978307200 /etc/a /etc/b\n");
    want("n");
    const auto result = live();
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/a"), "x\n");
    EXPECT_EQ(time_of("etc/a"), january);
    EXPECT_EQ(time_of("etc/b"), january);
}

TEST_F(Times, OfAFileWithTwoNames) {
    fs::create_hard_link(root() / "etc/a", root() / "etc/z");
    script("m", "10-touch", "touch -d @978307200 /etc/z\n");
    expect_in_sync(live());
    EXPECT_EQ(time_of("etc/a"), january);
    EXPECT_EQ(fs::hard_link_count(root() / "etc/a"), 2u);
}

TEST_F(Times, AreNotGivenWhereSomebodyElseWasMeanwhile) {
    script("m", "10-touch", "touch -d @978307200 /etc/a\necho sleeping\nsleep 2\n");
    const pid_t child = start(dance_words({}));
    ASSERT_TRUE(wait_for_script());
    put(root() / "etc/a", "theirs\n");
    EXPECT_EQ(exit_of(child), 8) << log();
    EXPECT_EQ(read("etc/a"), "theirs\n");
    EXPECT_NE(time_of("etc/a"), january);
}

TEST_F(Times, OfASetUidProgramLeaveItsMode) {
    ASSERT_EQ(::chmod((root() / "etc/a").c_str(), 04755), 0);
    script("m", "10-touch", "touch -d @978307200 /etc/a\n");
    expect_in_sync(live());
    EXPECT_EQ(sys::stat_path(root() / "etc/a")->st_mode & 07777u, 04755u);
    EXPECT_EQ(time_of("etc/a"), january);
}

TEST_F(Times, AreGivenByAMergedCommand) {
    const auto result = disco({"exec", "--merge", "--state-dir", state(), "--root", root(), "--", "touch",
                               "-d", "@978307200", "/etc/a"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(time_of("etc/a"), january);
}

} // namespace
} // namespace disco::tests
