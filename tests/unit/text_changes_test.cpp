// One change as a line for people.

#include "runner/report/text_changes.hpp"

#include <sys/sysmacros.h>

#include <gmock/gmock.h>

namespace disco::report {
namespace {

using model::ChangeKind;
using model::ObjectState;
using model::ObjectType;

std::string line_of(const model::Change& change, Detail detail = Detail::changes, bool color = false) {
    return change_text(recorded(change), detail, Paint{color});
}

ObjectState file(std::uint64_t size, unsigned char digest = 1, mode_t mode = 0644) {
    ObjectState state;
    state.mode = mode;
    state.size = size;
    state.sha256.emplace().fill(digest);
    return state;
}

ObjectState object(ObjectType type, const char* target = "", dev_t device = 0) {
    ObjectState state;
    state.type = type;
    state.mode = 0755;
    state.target = target;
    state.rdev = device;
    return state;
}

using State = std::optional<ObjectState>;
model::Change change(ChangeKind kind, State before, State after) {
    model::Change made;
    made.path = "/x";
    made.kind = kind;
    made.before = std::move(before);
    made.after = std::move(after);
    made.before_owner = made.after_owner = "root";
    made.before_group = made.after_group = "adm";
    return made;
}

struct LineRow {
    const char* name;
    model::Change change;
    const char* expected;
};
class ChangeLine : public testing::TestWithParam<LineRow> {};

TEST_P(ChangeLine, SaysWhatIsDifferent) {
    EXPECT_EQ(line_of(GetParam().change), std::string{"    "} + GetParam().expected + "\n");
}

template <class Edit> model::Change edited(model::Change made, const Edit& edit) {
    edit(made);
    return made;
}

INSTANTIATE_TEST_SUITE_P(
    Of, ChangeLine,
    testing::Values(
        LineRow{"new_file", change(ChangeKind::created, {}, file(5)), "+ /x   root:adm 0644  5 B"},
        LineRow{"new_directory", change(ChangeKind::created, {}, object(ObjectType::directory)),
                "+ /x   root:adm 0755  directory"},
        LineRow{"new_symlink", change(ChangeKind::created, {}, object(ObjectType::symlink, "a\tb")),
                "+ /x   root:adm → \"a\\tb\""},
        LineRow{"new_device",
                change(ChangeKind::created, {}, object(ObjectType::block_device, "", makedev(8, 1))),
                "+ /x   root:adm 0755  block-device 8:1"},
        LineRow{"new_fifo", change(ChangeKind::created, {}, object(ObjectType::fifo)),
                "+ /x   root:adm 0755  fifo"},
        LineRow{"file_gone", change(ChangeKind::deleted, file(5), {}), "- /x"},
        LineRow{"directory_gone", change(ChangeKind::deleted, object(ObjectType::directory), {}),
                "- /x   directory"},
        LineRow{"longer", change(ChangeKind::modified, file(5), file(7, 2)), "~ /x   5 B → 7 B"},
        LineRow{"as_long_as_before", change(ChangeKind::modified, file(5), file(5, 2)),
                "~ /x   content, 5 B"},
        LineRow{"content_and_mode", change(ChangeKind::modified, file(5), file(7, 2, 0600)),
                "~ /x   5 B → 7 B, 0644 → 0600"},
        LineRow{"binary",
                edited(change(ChangeKind::modified, file(5), file(7, 2)), [](auto& c) { c.binary = true; }),
                "~ /x   5 B → 7 B, binary"},
        LineRow{"secret",
                edited(change(ChangeKind::modified, file(5), file(7, 2)), [](auto& c) { c.redacted = true; }),
                "~ /x   5 B → 7 B, content not shown (not for all to read)"},
        LineRow{"secret_gone",
                edited(change(ChangeKind::deleted, file(5), {}), [](auto& c) { c.redacted = true; }),
                "- /x   content not shown (not for all to read)"},
        LineRow{
            "another_target",
            change(ChangeKind::modified, object(ObjectType::symlink, "a"), object(ObjectType::symlink, "b")),
            "~ /x   target a → b"},
        LineRow{"another_device",
                change(ChangeKind::modified, object(ObjectType::character_device, "", makedev(1, 3)),
                       object(ObjectType::character_device, "", makedev(1, 5))),
                "~ /x   device 1:3 → 1:5"},
        LineRow{"mode", change(ChangeKind::metadata, file(5), file(5, 1, 04755)), "~ /x   0644 → 4755"},
        LineRow{
            "group",
            edited(change(ChangeKind::metadata, file(5), file(5)), [](auto& c) { c.after_group = "www"; }),
            "~ /x   root:adm → root:www"},
        LineRow{"names_that_a_terminal_obeys",
                edited(change(ChangeKind::created, {}, file(5)),
                       [](auto& c) { c.after_owner = "\033[Aroot", c.after_group = "\u202eadm\n= in sync"; }),
                R"(+ /x   "\033[Aroot":"\342\200\256adm\n= in sync" 0644  5 B)"},
        LineRow{"attributes",
                edited(change(ChangeKind::metadata, file(5), file(5)),
                       [](auto& c) {
                           c.before->xattrs = {{"user.a", "1"}, {"user.b", "1"}, {"user.c", "1"}};
                           c.after->xattrs = {{"user.b", "1"}, {"user.c", "2"}, {"user.d", "1"}};
                       }),
                "~ /x   xattrs +user.d -user.a ~user.c"},
        LineRow{"file_to_symlink", change(ChangeKind::replaced, file(5), object(ObjectType::symlink, "a")),
                "± /x   now symlink: root:adm → a"},
        LineRow{"symlink_to_file", change(ChangeKind::replaced, object(ObjectType::symlink, "a"), file(5)),
                "± /x   now file: root:adm 0644  5 B"},
        LineRow{"odd_path",
                edited(change(ChangeKind::deleted, file(5), {}), [](auto& c) { c.path = "/a\033\xff"; }),
                R"(- "/a\033\377")"}),
    [](const auto& row) { return std::string{row.param.name}; });

model::Change with_diff() {
    model::Change made = change(ChangeKind::modified, file(5), file(7, 2));
    made.diff = "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n same\n--- old\n+++ new\n+\033[2J\n";
    return made;
}

TEST(ChangeText, ShowsTheDiffWhereItIsAskedFor) {
    const std::string line = "    ~ /x   5 B → 7 B\n";
    const std::string diff =
        "      --- a/x\n      +++ b/x\n      @@ -1,2 +1,3 @@\n       same\n      --- old\n"
        "      +++ new\n      +\\033[2J\n";
    EXPECT_EQ(line_of(with_diff(), Detail::changes), line);
    EXPECT_EQ(line_of(with_diff(), Detail::diff), line + diff);
    EXPECT_EQ(line_of(with_diff(), Detail::verbose), line + diff);
}

TEST(ChangeText, CountsLinesForStat) {
    EXPECT_EQ(line_of(with_diff(), Detail::stat), "    ~ /x   +2 -1\n") << "the two names do not count";
    EXPECT_EQ(line_of(change(ChangeKind::created, {}, file(5)), Detail::stat),
              "    + /x   root:adm 0644  5 B\n");
    model::Change large = with_diff();
    large.diff = "--- a/x\n+++ b/x\n@@ too large to show: 5 bytes before, 5000000 after @@\n";
    EXPECT_THAT(line_of(large, Detail::stat), testing::EndsWith(", lines not counted: too large\n"));
}

TEST(ChangeText, ColoursSignsAndLines) {
    EXPECT_EQ(line_of(with_diff(), Detail::diff, true),
              "    \033[33m~\033[0m /x   5 B → 7 B\n"
              "      \033[1m--- a/x\033[0m\n      \033[1m+++ b/x\033[0m\n"
              "      \033[36m@@ -1,2 +1,3 @@\033[0m\n       same\n      \033[31m--- old\033[0m\n"
              "      \033[32m+++ new\033[0m\n      \033[32m+\\033[2J\033[0m\n");
    EXPECT_EQ(line_of(change(ChangeKind::deleted, file(5), {}), Detail::changes, true),
              "    \033[31m-\033[0m /x\n");
}

} // namespace
} // namespace disco::report
