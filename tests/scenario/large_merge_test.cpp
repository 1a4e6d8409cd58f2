// Much at once: many files, and a very large sparse one. Only on request: DISCO_TESTS_LARGE=1.

#include "runner/sys/error.hpp"
#include "tests/support/mounted_tree.hpp"

#include <cstdlib>
#include <iostream>

#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

using testing::StartsWith;

enum class StateOn { same, other };

class LargeMerge : public MountedTreeTest, public testing::WithParamInterface<StateOn> {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        if (GetParam() == StateOn::other) mount_tmpfs(state(), "mode=0700,size=2g,nr_inodes=500000");
        mount_image("ext4", 900, root() / "srv", {"-N", "320000", "-b", "1024"});
        if (GetParam() == StateOn::same) state_here = root() / "srv/state";
        fs::create_directories(root() / "srv/data");
    }
    /// Both take half a minute and more on a busy machine.
    static bool wanted() {
        if (std::getenv("DISCO_TESTS_LARGE") != nullptr) return true;
        std::cout << "LEFT OUT: large merges; set DISCO_TESTS_LARGE=1 to run them\n";
        return false;
    }
    static void tell(const char* what, const sys::ProgramResult& result) {
        std::cout << fmt::format("{}: {:.1f} s, {} MiB\n", what, result.wall_s,
                                 result.usage.ru_maxrss / 1024);
    }
};

TEST_P(LargeMerge, OfAHundredThousandFiles) {
    if (!wanted()) return;
    constexpr int files = 100'000; // no text: a diff(1) for each would take most of the time
    for (int i = 0; i < files; ++i) {
        const fs::path directory = root() / fmt::format("srv/data/{}", i / 1000);
        if (i % 1000 == 0) fs::create_directory(directory);
        sys::write_file(directory / std::to_string(i), std::string_view{"old\0\n", 5}, 0644);
    }
    const auto result = exec("--merge", "cd /srv/data; for f in */*; do printf 'new\\0\\n' > $f; done");
    ASSERT_EQ(result.exit, 0) << result.output.substr(0, 1000) << result.error;
    tell("merge", result);
    for (const char* path : {"srv/data/0/0", "srv/data/99/99999"}) EXPECT_THAT(read(path), StartsWith("new"));
    const auto rollback = command("rollback");
    ASSERT_EQ(rollback.exit, 0) << rollback.error;
    tell("rollback", rollback);
    for (const char* path : {"srv/data/0/0", "srv/data/99/99999"}) EXPECT_THAT(read(path), StartsWith("old"));
    expect_nothing_left();
}

TEST_P(LargeMerge, OfASparseFileOfFourGibibytes) {
    if (!wanted()) return;
    const auto stays_sparse = [&](const std::string& path) {
        struct stat status = {};
        sys::check(::stat((root() / path).c_str(), &status), "stat", path);
        EXPECT_GE(status.st_size, off_t{4} << 30) << path;
        EXPECT_LT(status.st_blocks, 4096 * 2) << path;
    };
    outside(fmt::format("cd {}/srv/data; truncate -s 4G there; echo middle | dd of=there bs=1M seek=2000 "
                        "conv=notrunc status=none",
                        root().string()));
    const auto result =
        exec("--merge", "cd /srv/data; truncate -s 4G new; echo end >> new; echo end >> there");
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    tell("merge", result);
    stays_sparse("srv/data/new");
    stays_sparse("srv/data/there");
    EXPECT_EQ(
        outside(fmt::format("tail -c 4 {0}/srv/data/new; tail -c 4 {0}/srv/data/there", root().string())),
        "end\nend\n");
    const auto rollback = command("rollback");
    ASSERT_EQ(rollback.exit, 0) << rollback.error;
    tell("rollback", rollback);
    stays_sparse("srv/data/there");
    EXPECT_FALSE(fs::exists(root() / "srv/data/new"));
    expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(StateOn, LargeMerge, testing::Values(StateOn::same, StateOn::other),
                         [](const auto& where) {
                             return where.param == StateOn::same ? "TheSameMount" : "AnotherMount";
                         });

} // namespace
} // namespace disco::tests
