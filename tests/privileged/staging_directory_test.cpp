// The directory of disco's in the top of a mount whose owner is somebody else, who exchanges names there.

#include "runner/merge/journal.hpp"
#include "runner/merge/recovery.hpp"
#include "runner/merge/staging_directory.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "tests/support/exchanging.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using merge::StagingDirectory;
using testing::HasSubstr;
using Outcome = merge::RecoveryResult::Outcome;

class StagingDirectoryTest : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directory(live());
        ASSERT_EQ(::chown(live().c_str(), 1000, 1000), 0);
        put(victim() / "0", "somebody's");
        put(victim() / "deep/file", "somebody's");
        store().begin("run", 1);
        for (const fs::path& made : {store().layer("run", 0), store().kept("run", 0)})
            fs::create_directory(made);
    }
    fs::path live() const { return place() / "live"; }
    fs::path staging() const { return live() / ".disco-run"; }
    fs::path victim() const { return place() / "victim"; }
    merge::UndoStore store() const { return merge::UndoStore{place() / "undo"}; }

    /// Of a merge that has removed `gone`, and was interrupted before or after its commitment.
    void journal(std::uint64_t inode, bool committed) const {
        std::vector<merge::JournalTree> trees{{"", live(), ".disco-run", {}, inode}};
        merge::Journal journal{store().journal("run"), {"run", "/", "0", "", {}}, trees};
        if (inode != 0) journal.staging_directories(trees);
        std::vector<model::PreparedPlan> plans(1);
        model::Stamp expected;
        expected.mode = S_IFREG | 0644;
        plans[0].live.emplace_back(model::Remove{"gone", expected, "0"});
        journal.steps(plans);
        journal.planned(sys::now());
        if (committed) journal.commit(sys::now());
    }
    std::uint64_t make() const {
        fs::create_directory(staging());
        ::chmod(staging().c_str(), 0700);
        put(staging() / "0", "the original", 0600);
        return sys::stat_path(staging())->st_ino;
    }
    std::string refusal() const {
        try {
            (void)merge::recover(store(), "run");
        } catch (const sys::Error& error) {
            return error.full_text();
        }
        return "recovered";
    }
};

TEST_F(StagingDirectoryTest, ALinkInItsPlaceIsNotFollowedByARecovery) {
    journal(0, false);
    fs::create_directory_symlink(victim(), staging());
    const Snapshot before = snapshot(victim());
    EXPECT_THAT(refusal(), HasSubstr("'" + staging().string() + "' is not what the merge made"));
    EXPECT_EQ(difference(before, snapshot(victim())), "");
    EXPECT_FALSE(fs::exists(live() / "gone"));
}

TEST_F(StagingDirectoryTest, ALinkInItsPlaceIsNotFollowedWhenTheMergeIsWhole) {
    journal(0, true);
    fs::create_directory_symlink(victim(), staging());
    const Snapshot before = snapshot(victim());
    EXPECT_EQ(merge::recover(store(), "run").outcome, Outcome::not_kept);
    EXPECT_EQ(difference(before, snapshot(victim())), "");
    EXPECT_TRUE(fs::is_symlink(staging()));
}

TEST_F(StagingDirectoryTest, AnotherDirectoryInItsPlaceIsNobodysBusiness) {
    for (const bool of_root : {false, true}) {
        const std::uint64_t inode = make();
        fs::remove_all(store().journal("run"));
        journal(inode, false);
        fs::rename(staging(), place() / "real");
        put(staging() / "0", "planted");
        ::chmod(staging().c_str(), 0700);
        ASSERT_EQ(::chown(staging().c_str(), of_root ? 0 : 1000, 0), 0);
        EXPECT_THAT(refusal(), HasSubstr("'" + staging().string() + "' is not what the merge made"));
        EXPECT_FALSE(fs::exists(live() / "gone"));
        fs::remove_all(staging());
        fs::remove_all(place() / "real");
    }
}

TEST_F(StagingDirectoryTest, UnderAnotherNameItIsFound) {
    for (const bool committed : {false, true}) {
        journal(make(), committed);
        fs::rename(staging(), live() / "hidden");
        fs::create_directory_symlink(victim(), staging());
        const Snapshot before = snapshot(victim());
        EXPECT_EQ(merge::recover(store(), "run").outcome, committed ? Outcome::completed : Outcome::undone);
        EXPECT_EQ(sys::read_file(committed ? store().kept("run", 0) / "0" : live() / "gone"), "the original");
        EXPECT_FALSE(fs::exists(live() / "hidden"));
        EXPECT_EQ(difference(before, snapshot(victim())), "");
        fs::remove(staging());
        if (committed) break;
        store().begin("run", 1);
        for (const fs::path& made : {store().layer("run", 0), store().kept("run", 0)})
            fs::create_directory(made);
    }
}

/// Somebody has made it first, so the merge has not begun.
TEST_F(StagingDirectoryTest, WhatWasThereBeforeStays) {
    const std::vector<merge::JournalTree> trees{{"", live(), ".disco-run", {}, 0}};
    { const merge::Journal begun{store().journal("run"), {"run", "/", "0", "", {}}, trees}; }
    put(staging() / "theirs", "theirs");
    ::chmod(staging().c_str(), 0700);
    EXPECT_EQ(merge::recover(store(), "run").outcome, Outcome::nothing_done);
    EXPECT_EQ(sys::read_file(staging() / "theirs"), "theirs");
}

TEST_F(StagingDirectoryTest, WhatIsPutThereMeanwhileIsNotTaken) {
    const sys::UniqueFd top = sys::open_directory(live());
    for (const bool link : {true, false}) {
        if (link)
            fs::create_directory_symlink(victim(), live() / "y");
        else
            put(live() / "y/theirs", "theirs");
        ASSERT_EQ(::lchown((live() / "y").c_str(), 1000, 1000), 0);
        const ino_t theirs = sys::stat_path(live() / "y")->st_ino;
        const Snapshot before = snapshot(victim());
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
        int made = 0, refused = 0;
        {
            const Exchanging owner{live(), ".disco-run", "y"};
            do {
                try {
                    const StagingDirectory one{top.get(), ".disco-run", staging()};
                    ASSERT_NE(one.inode(), theirs);
                    put(fmt::format("/proc/self/fd/{}/copy", one.directory()), "secret", 0600);
                    one.end_source();
                    ++made;
                    const auto found = StagingDirectory::find(top.get(), ".disco-run", one.inode(),
                                                              StagingDirectory::Content::any, staging());
                    if (found) (void)found->remove(top.get());
                } catch (const sys::Error&) { // it was theirs
                    ++refused;
                }
                for (const char* name : {".disco-run", "y"}) { // what was left
                    const auto status = sys::stat_path(live() / name);
                    if (status && S_ISDIR(status->st_mode) && status->st_uid == 0)
                        if (const auto left = StagingDirectory::find(
                                top.get(), name, status->st_ino, StagingDirectory::Content::any, staging()))
                            (void)left->remove(top.get());
                }
            } while (std::chrono::steady_clock::now() < until);
        }
        EXPECT_GT(made, 0);
        EXPECT_EQ(difference(before, snapshot(victim())), "");
        bool there = false;
        for (const char* name : {".disco-run", "y"})
            if (const auto status = sys::stat_path(live() / name); status && status->st_ino == theirs) {
                there = true;
                if (!link) {
                    EXPECT_EQ(sys::read_file(live() / name / "theirs"), "theirs");
                }
            }
        EXPECT_TRUE(there);
        std::cout << made << " made, " << refused << " refused\n";
        for (const char* name : {".disco-run", "y"}) fs::remove_all(live() / name);
    }
}

} // namespace
} // namespace disco::tests
