// Trees that are deeper than a path can be long, a stack large, or a process may have descriptors.

#include "runner/merge/copy_check.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/overlay/squash.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/tree_walk.hpp"
#include "tests/support/layered_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int very_deep = 19'000;

class DeepTree : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directory(live());
        fs::create_directory(place() / "scratch");
        ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual_), 0);
        const struct rlimit few = {.rlim_cur = 1024, .rlim_max = usual_.rlim_max};
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    }
    void TearDown() override {
        if (usual_.rlim_cur != 0) {
            EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &usual_), 0);
        }
        // Not by the library: it would need a descriptor for each level.
        for (const char* name : {"live", "scratch", "from", "to", "upper", "kept"})
            sys::remove_tree(place() / name);
        ThrowAwayTest::TearDown();
    }
    fs::path live() const { return place() / "live"; }

    /// Directories in one another, and a file at the bottom.
    static void make_deep(const fs::path& top, int depth, const char* file = "bottom") {
        fs::create_directories(top);
        sys::UniqueFd at = sys::open_directory(top);
        for (int i = 0; i < depth; ++i) {
            if (::mkdirat(at.get(), "d", 0700) != 0 && errno != EEXIST)
                throw sys::SysError{errno, "make directory", "d"};
            at = sys::UniqueFd{::openat(at.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
            sys::check(at.get(), "open");
        }
        const sys::UniqueFd made{::openat(at.get(), file, O_WRONLY | O_CREAT | O_CLOEXEC, 0640)};
        sys::check(made.get(), "make");
    }
    /// How many directories, and what lies at the bottom.
    static std::pair<int, std::vector<std::string>> look(const fs::path& top) {
        std::pair<int, std::vector<std::string>> seen;
        sys::TreeWalk walk{sys::open_directory(top), top};
        int left = 0;
        while (walk.next()) {
            if (!walk.found()) {
                ++left;
            } else if (walk.type() == DT_DIR) {
                ++seen.first;
                walk.enter();
            } else {
                seen.second.push_back(walk.name());
            }
        }
        EXPECT_EQ(left, seen.first);
        return seen;
    }

private:
    struct rlimit usual_ = {};
};

TEST_F(DeepTree, IsWalked) {
    make_deep(live(), very_deep);
    EXPECT_EQ(look(live()), std::make_pair(very_deep, std::vector<std::string>{"bottom"}));
}

TEST_F(DeepTree, IsCopiedAsFarAsAPathCanBeLong) {
    constexpr int depth = 2000;
    make_deep(place() / "from", depth);
    fs::create_directory(place() / "to");
    const sys::UniqueFd from = sys::open_directory(place() / "from"),
                        to = sys::open_directory(place() / "to");
    merge::CopyCheck check;
    check.add(from.get(), "d", "/d");
    EXPECT_EQ(check.names(), depth + 1U);
    merge::ObjectCopy{to.get()}.copy(from.get(), "d", "copy");
    EXPECT_EQ(look(place() / "to"), std::make_pair(depth, std::vector<std::string>{"bottom"}));
}

/// Whoever has a tree open that is on its way to the store may make it deeper under the walk, without end.
TEST_F(DeepTree, IsFollowedNoFurther) {
    make_deep(place() / "from", very_deep);
    fs::create_directory(place() / "to");
    const sys::UniqueFd from = sys::open_directory(place() / "from"),
                        to = sys::open_directory(place() / "to");
    merge::CopyCheck check;
    check.add(from.get(), "d", "/d");
    EXPECT_LT(check.names(), 2100U);
    EXPECT_THROW(merge::ObjectCopy{to.get()}.copy(from.get(), "d", "refused"), sys::Error);
    sys::remove_tree_at(to.get(), "refused");
    std::vector<std::string> told;
    merge::ObjectCopy copy{to.get()};
    copy.leave_out([&](const std::string&, const sys::Error& why) { told.push_back(why.full_text()); },
                   sys::LeasePatience{std::chrono::seconds{0}});
    copy.copy(from.get(), "d", "copy");
    EXPECT_EQ(told, std::vector<std::string>{"it is deeper than a path can be long"});
    const auto [depth, bottom] = look(place() / "to");
    EXPECT_GT(depth, 2000);
    EXPECT_LT(depth, 2100);
    EXPECT_TRUE(bottom.empty());
}

/// Or wider.
TEST_F(DeepTree, IsNotCopiedWithoutEnd) {
    for (int i = 0; i < 100; ++i) put(place() / "from/d" / std::to_string(i), "");
    fs::create_directory(place() / "to");
    const sys::UniqueFd from = sys::open_directory(place() / "from"),
                        to = sys::open_directory(place() / "to");
    int told = 0;
    merge::ObjectCopy copy{to.get()};
    copy.leave_out([&](const std::string&, const sys::Error&) { ++told; },
                   sys::LeasePatience{std::chrono::seconds{0}});
    copy.stop_after(50);
    copy.copy(from.get(), "d", "copy");
    EXPECT_EQ(told, 1);
    EXPECT_EQ(look(place() / "to").second.size(), 50U);
}

/// As does the removal of it.
TEST_F(DeepTree, ThatGrowsIsNotRemovedWithoutEnd) {
    fs::create_directories(place() / "from/d");
    const sys::UniqueFd top = sys::open_directory(place() / "from");
    std::atomic<bool> over = false;
    std::thread owner{[&] {
        sys::UniqueFd at{::openat(top.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        while (!over && at) {
            ::mkdirat(at.get(), "x", 0700);
            at = sys::UniqueFd{::openat(at.get(), "x", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        }
    }};
    ::usleep(50'000); // it is deep already
    try {
        sys::remove_tree_at(top.get(), "d");
    } catch (const sys::Error&) { // either: it is the end that counts
    }
    over = true;
    owner.join();
    for (int i = 0; i < 100 && fs::exists(place() / "from/d"); ++i) try {
            sys::remove_tree_at(top.get(), "d");
        } catch (const sys::Error&) { // of so many levels at once
        }
    EXPECT_FALSE(fs::exists(place() / "from/d"));
}

TEST_F(DeepTree, IsSquashed) {
    make_deep(place() / "upper", very_deep, "upper");
    make_deep(place() / "kept", very_deep, "kept");
    overlay::squash(place() / "upper", place() / "kept", live());
    EXPECT_EQ(look(place() / "kept"), std::make_pair(very_deep, std::vector<std::string>{"kept", "upper"}));
    EXPECT_TRUE(fs::is_empty(place() / "upper"));
}

TEST_F(DeepTree, MadeByAModuleIsRefusedByName) {
    LayeredTree tree{live(), place() / "scratch"};
    try {
        (void)tree.layer([](const fs::path& view) { make_deep(view / "new", very_deep); });
        ADD_FAILURE() << "no error";
    } catch (const sys::Error& error) {
        EXPECT_THAT(error.full_text(), HasSubstr("'/new/d/d/"));
        EXPECT_THAT(error.full_text(), HasSubstr("is longer than a path can be"));
        EXPECT_LT(error.full_text().size(), 1000U);
    }
}

/// To find the other name the whole view is walked.
TEST_F(DeepTree, OfSomebodyElseStandsInNoWay) {
    make_deep(live() / "home/user", very_deep);
    put(live() / "home/zoo/one", "linked");
    fs::create_directory(live() / "other");
    fs::create_hard_link(live() / "home/zoo/one", live() / "other/two");
    LayeredTree tree{live(), place() / "scratch"};
    (void)tree.layer("echo more >> other/two");
    EXPECT_THAT(tree.merge().conflicts, testing::IsEmpty());
    EXPECT_EQ(sys::read_file(live() / "home/zoo/one"), "linkedmore\n");
    EXPECT_EQ(sys::stat_path(live() / "home/zoo/one")->st_ino, sys::stat_path(live() / "other/two")->st_ino);
}

TEST_F(DeepTree, WithinTheLengthOfAPathIsMergedAndRolledBack) {
    constexpr int depth = 1500;
    make_deep(live() / "home/user", depth);
    LayeredTree tree{live(), place() / "scratch"};
    (void)tree.layer("chmod -R g+rx home/user");
    EXPECT_THAT(tree.merge().conflicts, testing::IsEmpty());
    EXPECT_EQ(sys::stat_path(live() / "home/user/d/d/d")->st_mode & 07777, 0750U);
    EXPECT_THAT(tree.roll_back("run", "back").conflicts, testing::IsEmpty());
    EXPECT_EQ(sys::stat_path(live() / "home/user/d/d/d")->st_mode & 07777, 0700U);
}

} // namespace
} // namespace disco::tests
