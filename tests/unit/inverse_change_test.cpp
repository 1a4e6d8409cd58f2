#include "runner/report/inverse_change.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

struct Row {
    const char* name;
    const char* diff;
    const char* inverse;
};
class InverseDiff : public testing::TestWithParam<Row> {};

TEST_P(InverseDiff, ReadsTheOtherWayRound) {
    EXPECT_EQ(inverse_diff(GetParam().diff), GetParam().inverse);
    EXPECT_EQ(inverse_diff(GetParam().inverse), GetParam().diff);
}

INSTANTIATE_TEST_SUITE_P(
    Of, InverseDiff,
    testing::Values(Row{"nothing", "", ""},
                    Row{"created", "--- /dev/null\n+++ b/etc/x\n@@ -0,0 +1,2 @@\n+one\n+two\n",
                        "--- a/etc/x\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-one\n-two\n"},
                    Row{"modified",
                        "--- a/etc/x\n+++ b/etc/x\n@@ -1,3 +1,2 @@ f()\n same\n-old\n-older\n+new\n",
                        "--- a/etc/x\n+++ b/etc/x\n@@ -1,2 +1,3 @@ f()\n same\n-new\n+old\n+older\n"},
                    Row{"two_hunks",
                        "--- a/x\n+++ b/x\n@@ -1 +1,2 @@\n one\n+two\n@@ -9,2 +10 @@\n-nine\n ten\n",
                        "--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n one\n-two\n@@ -10 +9,2 @@\n+nine\n ten\n"},
                    Row{"no_newline_at_the_end",
                        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n\\ No newline at end of file\n+two\n",
                        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-two\n+one\n\\ No newline at end of file\n"},
                    Row{"lines_like_headers", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n--- a\n+++ b\n",
                        "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-++ b\n+-- a\n"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(InverseChange, SwapsBeforeAndAfter) {
    const InverseChange change = inverse_change(
        R"({"path":"\"/x\\377\"","kind":"created","before":null,"after":{"mode":"0644"},"diff":"+++ b/x\n","binary":false})");
    EXPECT_EQ(change.path, "/x\xff");
    EXPECT_EQ(change.kind, model::ChangeKind::deleted);
    const auto inverse = nlohmann::json::parse(change.json);
    EXPECT_EQ(inverse.at("kind"), "deleted");
    EXPECT_TRUE(inverse.at("after").is_null());
    EXPECT_EQ(inverse.at("before").at("mode"), "0644");
    EXPECT_EQ(inverse.at("path"), "\"/x\\377\"");
}

} // namespace
} // namespace disco::report
