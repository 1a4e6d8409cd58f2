#include "runner/report/inverse_change.hpp"

#include "runner/report/json_values.hpp"

#include <string>
#include <utility>

#include <gmock/gmock.h>

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

RecordedChange new_file() {
    model::Change change;
    change.path = "/x\xff";
    change.after.emplace().mode = 0640;
    change.after_owner = change.after_group = "root";
    change.diff = "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+one\n";
    return recorded(change, "package");
}

TEST(InverseChange, SwapsBeforeAndAfter) {
    const RecordedChange inverse = inverse_change(new_file());
    EXPECT_EQ(inverse.path, "/x\xff");
    EXPECT_EQ(inverse.kind, model::ChangeKind::deleted);
    ASSERT_TRUE(inverse.before);
    EXPECT_EQ(inverse.before->mode, 0640U);
    EXPECT_FALSE(inverse.after);
    EXPECT_EQ(inverse.diff, "--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n");
    EXPECT_EQ(inverse_change(inverse), new_file());
}

TEST(InverseChange, OfAnObjectThatStaysHasItsKind) {
    using enum model::ChangeKind;
    for (const model::ChangeKind kind : {modified, metadata, replaced}) {
        RecordedChange change = new_file();
        change.kind = kind;
        change.before.emplace().mode = 0600;
        const RecordedChange inverse = inverse_change(change);
        EXPECT_EQ(inverse.kind, kind);
        EXPECT_EQ(inverse.before->mode, 0640U);
        EXPECT_EQ(inverse.after->mode, 0600U);
    }
}

TEST(InverseChange, IsWrittenAsEveryChange) {
    std::string whole, in_short;
    append_change(whole, inverse_change(new_file()));
    append_change(in_short, inverse_change(new_file()), Contents::short_);
    EXPECT_THAT(whole,
                testing::StartsWith(R"({"path":"\"/x\\377\"","kind":"deleted","type":"file","before":{)"));
    EXPECT_EQ(read_change(whole), inverse_change(new_file()));
    EXPECT_THAT(in_short, testing::HasSubstr(R"("diff":null)"));
}

} // namespace
} // namespace disco::report
