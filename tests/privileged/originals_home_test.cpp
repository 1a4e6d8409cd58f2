// The end of a merge where the store is on another file system, while whoever owns what was replaced stands
// in the way.

#include "runner/merge/journal.hpp"
#include "runner/merge/left_staging.hpp"
#include "runner/merge/recovery.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/leased_file.hpp"
#include "runner/sys/moment.hpp"
#include "tests/support/layered_tree.hpp"
#include "tests/support/lease_holder.hpp"
#include "tests/support/throw_away.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using Outcome = merge::RecoveryResult::Outcome;

class OriginalsHome : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directories(place() / "undo");
        sys::LeasePatience::of_process() = sys::LeasePatience{100ms};
        begin(1);
    }
    void begin(std::size_t trees) const {
        fs::remove_all(store().of("run"));
        store().begin("run", trees);
        for (std::size_t i = 0; i < trees; ++i) {
            for (const fs::path& made : {store().layer("run", i), store().kept("run", i)})
                fs::create_directories(made);
            fs::create_directories(staging(i));
            ASSERT_EQ(::chmod(staging(i).c_str(), 0700), 0);
        }
    }
    fs::path live(std::size_t i = 0) const { return place() / fmt::format("live{}", i); }
    fs::path staging(std::size_t i = 0) const { return live(i) / ".disco-run"; }
    merge::UndoStore store() const { return merge::UndoStore{place() / "undo"}; }
    fs::path kept(std::size_t i = 0) const { return store().kept("run", i); }

    /// Of a merge that has removed `gone` of each tree, and was interrupted after its commitment.
    void journal(std::size_t trees = 1, std::chrono::seconds confirm = {}) const {
        std::vector<merge::JournalTree> all;
        std::vector<model::PreparedPlan> plans(trees);
        for (std::size_t i = 0; i < trees; ++i) {
            all.push_back(
                {fmt::format("/{}", i), live(i), ".disco-run", {}, sys::stat_path(staging(i))->st_ino});
            model::Stamp expected;
            expected.mode = S_IFREG | 0644;
            plans[i].live.emplace_back(model::Remove{"gone", expected, "0"});
        }
        merge::Journal journal{store().journal("run"), {"run", "/", "0", "", confirm}, all};
        journal.staging_directories(all);
        journal.steps(plans);
        journal.planned(sys::now());
        journal.commit(sys::now());
    }
    void mount_small_store() const {
        sys::check(::mount("disco-test", (place() / "undo").c_str(), "tmpfs", 0, "size=256k"), "mount");
    }
    void unmount_small_store() const { EXPECT_EQ(::umount2((place() / "undo").c_str(), MNT_DETACH), 0); }
};

TEST_F(OriginalsHome, AFileWithALeaseCostsItselfOnly) {
    put(staging() / "0/leased", "theirs");
    put(staging() / "0/other", "somebody's");
    journal();
    const LeaseHolder holder{staging() / "0/leased", 60s};
    EXPECT_EQ(merge::recover(store(), "run").outcome, Outcome::completed);
    EXPECT_EQ(sys::read_file(kept() / "0/other"), "somebody's");
    EXPECT_FALSE(fs::exists(kept() / "0/leased"));
    EXPECT_THAT(sys::read_file(store().record("run")),
                HasSubstr(R"({"not_kept":"0/leased","tree":0,"why":)"));
    EXPECT_FALSE(fs::exists(staging()));
}

TEST_F(OriginalsHome, NamesThatComeAndGoCostNothing) {
    for (int round = 0; round < 10; ++round) {
        begin(1);
        for (int i = 0; i < 300; ++i) put(staging() / fmt::format("0/f{}", i), "theirs");
        journal();
        std::atomic<bool> over = false;
        const sys::UniqueFd inside = sys::open_directory(staging() / "0");
        std::thread owner{[&] {
            while (!over) {
                ::close(::openat(inside.get(), "f150", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
                ::unlinkat(inside.get(), "f150", 0);
            }
        }};
        const auto recovered = merge::recover(store(), "run").outcome;
        over = true;
        owner.join();
        ASSERT_EQ(recovered, Outcome::completed);
        EXPECT_EQ(sys::read_file(kept() / "0/f299"), "theirs");
        merge::remove_left_staging(store().left_staging());
        EXPECT_FALSE(fs::exists(staging()));
    }
}

/// After a reboot, say; the place where it was mounted is an empty directory.
TEST_F(OriginalsHome, AreWaitedForWhereTheirFileSystemIsNotMounted) {
    put(staging() / "0", "theirs");
    journal();
    fs::rename(live(), place() / "elsewhere");
    fs::create_directory(live());
    try {
        (void)merge::recover(store(), "run");
        ADD_FAILURE() << "it was recovered from";
    } catch (const sys::Error& error) {
        EXPECT_THAT(error.full_text(), HasSubstr("Is its file system mounted?"));
    }
    EXPECT_TRUE(fs::exists(store().journal("run")));
    fs::remove(live());
    fs::rename(place() / "elsewhere", live());
    EXPECT_EQ(merge::recover(store(), "run").outcome, Outcome::completed);
    EXPECT_EQ(sys::read_file(kept() / "0"), "theirs");
    EXPECT_EQ(merge::recover(store(), "run").outcome, Outcome::nothing_done) << "and it is over";
}

/// As long as somebody makes files in it; a mount does the same.
TEST_F(OriginalsHome, WhatCannotBeRemovedBlocksNobody) {
    put(staging() / "0/f", "somebody's");
    fs::create_directory(staging() / "0/m");
    sys::check(::mount("disco-test", (staging() / "0/m").c_str(), "tmpfs", 0, ""), "mount");
    journal(1, 60s);
    EXPECT_EQ(merge::recover(store(), "run").outcome, Outcome::completed);
    EXPECT_EQ(sys::read_file(kept() / "0/f"), "somebody's");
    EXPECT_TRUE(fs::exists(store().record("run")));
    EXPECT_TRUE(fs::exists(store().confirm("run")));
    EXPECT_THAT(merge::recover_all(store()), IsEmpty());
    EXPECT_TRUE(fs::exists(staging()));
    EXPECT_EQ(::umount2((staging() / "0/m").c_str(), MNT_DETACH), 0);
    EXPECT_THAT(merge::recover_all(store()), IsEmpty());
    EXPECT_FALSE(fs::exists(staging()));
    EXPECT_FALSE(fs::exists(store().left_staging()));
}

/// The same of the store, when it is on the same mount and the original itself was moved there.
TEST_F(OriginalsHome, WhatCannotBeRemovedOfTheStoreBlocksNobodyEither) {
    const fs::path inside = kept() / "0/m";
    fs::create_directories(inside);
    sys::check(::mount("disco-test", inside.c_str(), "tmpfs", 0, ""), "mount");
    put(store().record("run"), "");
    EXPECT_NO_THROW(store().remove("run"));
    EXPECT_NO_THROW(store().finish_removals());
    EXPECT_EQ(::umount2((store().path() / ".run/data/0/kept/0/m").c_str(), MNT_DETACH), 0);
    store().finish_removals();
    EXPECT_TRUE(fs::is_empty(store().path()));
}

/// What is removed of disco's may be another's by the time it is tried again.
TEST_F(OriginalsHome, OnlyWhatHasTheNameIsRemovedLater) {
    const merge::JournalTree tree{"", live(), ".disco-run", {}, sys::stat_path(staging())->st_ino};
    merge::note_left_staging(store().left_staging(), tree);
    fs::rename(staging(), live() / "roots");
    put(live() / "roots/f", "root's");
    merge::remove_left_staging(store().left_staging());
    EXPECT_EQ(sys::read_file(live() / "roots/f"), "root's");
    EXPECT_FALSE(fs::exists(store().left_staging()));
}

TEST_F(OriginalsHome, WhatHasToBeConfirmedIsTakenBackForWantOfRoom) {
    mount_small_store();
    begin(2);
    put(staging(0) / "0", "small");
    put(staging(1) / "0", std::string(1'000'000, 'x'));
    journal(2, 60s);
    const merge::RecoveryResult recovered = merge::recover(store(), "run");
    EXPECT_EQ(recovered.outcome, Outcome::undone);
    EXPECT_THAT(recovered.why, HasSubstr("could not be undone if nobody confirms it"));
    EXPECT_EQ(sys::read_file(live(0) / "gone"), "small");
    EXPECT_EQ(fs::file_size(live(1) / "gone"), 1'000'000U);
    for (const std::size_t i : {0U, 1U}) EXPECT_FALSE(fs::exists(staging(i)));
    EXPECT_TRUE(fs::is_empty(store().path()));
    unmount_small_store();
}

TEST_F(OriginalsHome, WantOfRoomCostsTheOneTreeOnly) {
    mount_small_store();
    begin(2);
    put(staging(0) / "0", std::string(1'000'000, 'x'));
    put(staging(1) / "0", "small");
    journal(2);
    EXPECT_EQ(merge::recover(store(), "run").outcome, Outcome::completed);
    EXPECT_EQ(sys::read_file(kept(1) / "0"), "small");
    EXPECT_EQ(merge::read_journal(store().record("run"))->dropped, std::set<std::size_t>{0});
    unmount_small_store();
}

/// What is not kept does not come back; all else does.
TEST_F(OriginalsHome, ARollbackLeavesWhatIsLost) {
    put(live() / "home/user/x", "theirs");
    put(live() / "home/user/changed", "old");
    put(live() / "home/user/d/x", "theirs");
    put(live() / "home/user/d/y", "old");
    put(live() / "other", "old");
    fs::create_directory(place() / "scratch");
    sys::check(::mount("disco-test", (place() / "scratch").c_str(), "tmpfs", 0, ""), "mount");
    {
        fs::remove_all(staging());
        LayeredTree tree{live(), place() / "scratch"};
        (void)tree.layer("rm -r home/user/x home/user/d other; echo new > new; echo new > home/user/changed");
        const LeaseHolder one{live() / "home/user/x", 60s}, other{live() / "home/user/d/x", 60s},
            third{live() / "home/user/changed", 60s};
        const model::MergeReport report = tree.merge();
        ASSERT_THAT(report.conflicts, IsEmpty());
        EXPECT_EQ(report.undo, place() / "scratch/undo/run");
        ASSERT_THAT(tree.roll_back("run", "back").conflicts, IsEmpty());
        EXPECT_EQ(sys::read_file(live() / "other"), "old");
        EXPECT_EQ(sys::read_file(live() / "home/user/d/y"), "old");
        EXPECT_EQ(sys::read_file(live() / "home/user/changed"), "new\n");
        for (const char* gone : {"home/user/x", "home/user/d/x", "new"})
            EXPECT_FALSE(fs::exists(live() / gone)) << gone;
        ASSERT_THAT(tree.roll_back("back", "forth").conflicts, IsEmpty());
        EXPECT_FALSE(fs::exists(live() / "other"));
        EXPECT_EQ(sys::read_file(live() / "new"), "new\n");
    }
    EXPECT_EQ(::umount2((place() / "scratch").c_str(), MNT_DETACH), 0);
}

} // namespace
} // namespace disco::tests
