// I: programs that fill and multiply, each in a sandbox of its own and on a small file system. They are
// stopped, and the machine has what it had. Fork bombs are in tests/scenario/fork_bomb_test.cpp, a full
// scratch space and programs that do not end in tests/scenario/bad_input_test.cpp.

#include "tests/support/throw_away.hpp"

#include "runner/sys/error.hpp"

#include <ostream>

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

struct GreedyRow {
    const char* name;
    const char* script;
    const char* says; ///< what the report tells
    int timeout = 30;
};

std::ostream& operator<<(std::ostream& stream, const GreedyRow& row) { return stream << row.name; }

class Greedy : public DanceTest, public testing::WithParamInterface<GreedyRow> {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directory(small());
        sys::check(::mount("disco-small", small().c_str(), "tmpfs", 0, "size=48m,nr_inodes=4096"),
                   "mount a tmpfs on", small());
        sys::check(::mkfifo((root() / "srv/waits").c_str(), 0644), "make a fifo");
        put(root() / "srv/big", std::string(std::size_t{64} << 20, 'x'));
    }
    void TearDown() override {
        ::umount2(small().c_str(), MNT_DETACH);
        DanceTest::TearDown();
    }
    [[nodiscard]] fs::path small() const { return place() / "small"; }
};

TEST_P(Greedy, IsStopped) {
    module_file("m", "sandbox", "profile simulate\ntimeout " + std::to_string(GetParam().timeout) + "\n");
    script("m", "10-x.sh", std::string{"#!/bin/bash\n"} + GetParam().script);
    want("m");
    const Snapshot before = root_snapshot();
    for (const bool noop : {true, false}) {
        std::vector<std::string> words = {"dance",  "--server", server,        "--node",         node,
                                          "--root", root(),     "--state-dir", small() / "state"};
        if (noop) words.emplace_back("--noop");
        const auto result = disco(words);
        EXPECT_EQ(result.exit, 4) << result.output << result.error;
        EXPECT_THAT(result.output + result.error, testing::ContainsRegex(GetParam().says));
        EXPECT_EQ(difference(before, root_snapshot()), "");
        EXPECT_TRUE(fs::is_empty(small() / "state/scratch"));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Escape, Greedy,
    testing::Values(GreedyRow{"uses_up_the_inodes", "for i in {1..5000}; do : > /srv/$i || exit 9; done",
                              "scratch|No space left"},
                    GreedyRow{"copies_up_a_huge_file", "chmod 0600 /srv/big || exit 9",
                              "scratch|No space left"},
                    GreedyRow{"reads_a_fifo_for_ever", "mkfifo /srv/fifo; cat /srv/fifo", "1 s", 1},
                    GreedyRow{"reads_a_fifo_of_the_live_root", "cat /srv/waits", "1 s", 1}),
    [](const auto& row) { return std::string{row.param.name}; });

using DeepTree = DanceTest;

/// Deeper than a path may be long, and than a process may have descriptors.
TEST_F(DeepTree, IsToldOrRefused) {
    module_file("m", "sandbox", "profile simulate\n");
    script("m", "10-x.sh",
           "#!/usr/bin/perl\n"
           "chdir '/srv' or die;\n"
           "for (1..3000) { mkdir 'd' or die \"at $_: $!\"; chdir 'd' or die \"at $_: $!\"; }\n"
           "print \"made\\n\";\n");
    want("m");
    const Snapshot before = root_snapshot();
    struct rlimit usual = {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
    for (const rlim_t descriptors : {rlim_t{1024}, usual.rlim_max}) {
        const struct rlimit limit = {descriptors, usual.rlim_max};
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
        const auto result = noop();
        EXPECT_THAT(result.exit, testing::AnyOf(0, 4)) << result.output << result.error;
        EXPECT_THAT(result.output + result.error, testing::HasSubstr("made"));
        EXPECT_EQ(difference(before, root_snapshot()), "");
        EXPECT_TRUE(fs::is_empty(state() / "scratch"));
    }
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
}

} // namespace
} // namespace disco::tests
