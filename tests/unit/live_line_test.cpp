#include "runner/cli/live_line.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::cli {
namespace {

struct CutRow {
    const char* name;
    std::string text;
    std::size_t columns;
    std::string expected;
};
class Cut : public testing::TestWithParam<CutRow> {};

TEST_P(Cut, FitsIntoTheColumns) {
    EXPECT_EQ(cut_to_columns(GetParam().text, GetParam().columns), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Lines, Cut,
                         testing::Values(CutRow{"short", "abc", 5, "abc"},
                                         CutRow{"just", "abcde", 5, "abcde"},
                                         CutRow{"long", "abcdef", 5, "abcde"}, CutRow{"none", "", 5, ""},
                                         CutRow{"no_room", "a", 0, ""}, CutRow{"two_bytes", "äöüß", 3, "äöü"},
                                         CutRow{"arrow", "a→b", 2, "a→"},
                                         CutRow{"wide", "漢字漢字", 5, "漢字"},
                                         CutRow{"emoji", "😀😀", 3, "😀"}),
                         [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::cli
