// What somebody may have meant who mistyped a word.

#include "runner/sys/similar_word.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace disco::sys {
namespace {

struct SimilarRow {
    const char *name, *typed, *meant; ///< meant: "" for nothing
};
class Similar : public testing::TestWithParam<SimilarRow> {};

TEST_P(Similar, WordIsFound) {
    const std::vector<std::string> words = {"dance",  "exec",     "shell",     "report",
                                            "runs",   "rollback", "recover",   "param",
                                            "--noop", "--merge",  "--confirm", "--network"};
    EXPECT_EQ(similar_word(GetParam().typed, words).value_or(""), GetParam().meant);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Similar,
    testing::Values(SimilarRow{"swapped", "rnus", "runs"}, SimilarRow{"missing", "rollbak", "rollback"},
                    SimilarRow{"one_more", "--noopp", "--noop"}, SimilarRow{"other", "--mergo", "--merge"},
                    SimilarRow{"beginning", "roll", "rollback"}, SimilarRow{"beginning_of_several", "r", ""},
                    SimilarRow{"exactly", "exec", "exec"}, SimilarRow{"far", "frobnicate", ""},
                    SimilarRow{"nothing", "", ""}, SimilarRow{"short", "x", ""},
                    SimilarRow{"two_wrong_of_seven", "--nework", "--network"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(SimilarWord, IsNotLookedForInLongWords) {
    EXPECT_FALSE(similar_word(std::string(100'000, 'x'), {std::string(100'000, 'x')}));
}

} // namespace
} // namespace disco::sys
