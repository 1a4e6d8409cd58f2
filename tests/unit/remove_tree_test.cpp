#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <filesystem>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::sys {
namespace {

namespace fs = std::filesystem;

class RemoveTree : public testing::Test {
protected:
    /// Directories in one another, with `width` empty ones and a file beside each.
    void make_deep(const fs::path& top, int depth, int width) {
        fs::create_directories(top);
        UniqueFd place = open_directory(top);
        for (int i = 0; i < depth; ++i) {
            for (int side = 0; side < width; ++side)
                check(::mkdirat(place.get(), ("side" + std::to_string(side)).c_str(), 0700), "mkdir");
            const UniqueFd file{::openat(place.get(), "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
            check(::mkdirat(place.get(), "d", 0700), "mkdir");
            place = UniqueFd{::openat(place.get(), "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
            check(place.get(), "open");
        }
    }

    OwnedDirectory place_{fs::temp_directory_path(), "remove-tree-test-"};
    fs::path tree_ = place_.path() / "tree";
};

TEST_F(RemoveTree, TakesAFileAndWhatIsNotThere) {
    write_file_atomically(tree_, "x", 0600);
    remove_tree(tree_);
    EXPECT_FALSE(fs::exists(tree_));
    remove_tree(tree_);
    remove_tree(tree_ / "below/it");
}

TEST_F(RemoveTree, FollowsNoSymlink) {
    const fs::path kept = place_.path() / "kept";
    fs::create_directories(kept / "below");
    fs::create_directories(tree_);
    fs::create_directory_symlink(kept, tree_ / "link");
    remove_tree(tree_);
    EXPECT_FALSE(fs::exists(tree_));
    EXPECT_TRUE(fs::exists(kept / "below"));
}

TEST_F(RemoveTree, MayBeDeeperThanAProcessMayHaveDescriptors) {
    make_deep(tree_, 3000, 2);
    fs::create_directories(tree_ / "deep-1/deep-2"); // names that it gives to what it moves
    struct rlimit usual = {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
    const struct rlimit few = {200, usual.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_NO_THROW(remove_tree(tree_));
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
    EXPECT_FALSE(fs::exists(tree_));
}

} // namespace
} // namespace disco::sys
