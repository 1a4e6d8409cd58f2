// Hunks that are made without GNU diff are those that it makes.

#include "runner/overlay/unified_hunk.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace disco::overlay {
namespace {

class SingleHunk : public testing::Test {
protected:
    /// What diff(1) prints after the names of the files.
    [[nodiscard]] std::string of_gnu_diff(const std::string& before, const std::string& after) const {
        const auto old_file = directory_.path() / "old", new_file = directory_.path() / "new";
        sys::write_file(old_file, before, 0600);
        sys::write_file(new_file, after, 0600);
        const auto result = sys::run_program({.argv = {"diff", "--text", "--unified", old_file, new_file},
                                              .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"},
                                              .input = {},
                                              .timeout = std::chrono::seconds{60}});
        EXPECT_EQ(result.exit, 1) << result.error;
        return result.output.substr(std::min(result.output.find("@@"), result.output.size()));
    }
    unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }
    std::string random_text(unsigned lines, unsigned alphabet) {
        std::string text;
        for (unsigned i = 0; i < lines; ++i) text += fmt::format("line {}\n", below(alphabet));
        if (below(4) == 0 && !text.empty()) text.pop_back();
        return text;
    }
    /// Some of the lines of a text are others, or gone, or more.
    std::string edited(std::string text, unsigned alphabet) {
        for (unsigned edits = 1 + below(2); edits > 0; --edits) {
            const std::size_t at = text.find('\n', below(text.size()));
            const std::size_t from = at == std::string::npos ? 0 : at + 1;
            const std::size_t count = below(3) * 7;
            text.replace(from, std::min(count, text.size() - from), random_text(below(4), alphabet));
            if (text.empty()) text = "x";
        }
        return text;
    }

    sys::OwnedDirectory directory_{std::filesystem::temp_directory_path(), "disco-test-hunk-"};
    std::mt19937 random_{1};
};

TEST_F(SingleHunk, IsWhatGnuDiffShows) {
    constexpr int texts = 300;
    int single = 0;
    for (int i = 0; i < texts; ++i) {
        const unsigned alphabet = i % 2 == 0 ? 4 : 1000; // few different lines, or hardly an equal one
        const std::string before = random_text(1 + below(20), alphabet);
        const std::string after = edited(before, alphabet);
        if (before == after) continue;
        const auto hunk = single_hunk(before, after);
        if (!hunk) continue;
        ++single;
        ASSERT_EQ(*hunk, of_gnu_diff(before, after)) << "of\n" << before << "\nand\n" << after;
    }
    EXPECT_GT(single, texts / 4);
}

TEST_F(SingleHunk, IsNotMadeOfWhatTakesAnAlgorithm) {
    EXPECT_FALSE(single_hunk("a\nb\nc\n", "x\nb\ny\n"));       // two places
    EXPECT_FALSE(single_hunk("a\nb\nc\nd\n", "a\nc\nb\nd\n")); // a line has moved
    EXPECT_FALSE(single_hunk("a\n", "a\n"));
    EXPECT_TRUE(single_hunk("a\n", "a"));
}

} // namespace
} // namespace disco::overlay
