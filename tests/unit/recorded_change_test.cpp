// A recorded change is written, read and written again, and nothing of it changes; what is no recorded change
// says where it is not.

#include "runner/report/json_values.hpp"
#include "runner/report/recorded_change.hpp"
#include "tests/support/example_run.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

using nlohmann::json;

std::string written(const RecordedChange& change, Contents contents = Contents::all) {
    std::string text;
    append_change(text, change, contents);
    return text;
}

/// Of every kind and every type, one with the worst bytes in its path and in its target.
std::vector<std::string> lines_of_the_example() {
    std::vector<std::string> lines;
    const tests::ExampleRun example = tests::example_run();
    example.changes.for_each_json(0, example.changes.size(),
                                  [&](std::string_view line) { lines.emplace_back(line); });
    return lines;
}

TEST(RecordedChange, IsWrittenAgainAsItWas) {
    const std::vector<std::string> lines = lines_of_the_example();
    EXPECT_GT(lines.size(), 10U);
    for (const std::string& line : lines) EXPECT_EQ(written(read_change(line)), line);
}

/// All that a state can say, with names of any bytes.
model::Change everything() {
    model::ObjectState state;
    state.mode = 06751;
    state.uid = 4294967295U;
    state.gid = 7;
    state.size = UINT64_MAX;
    state.mtime = {INT64_MAX, 999999999};
    state.sha256.emplace().fill(0xab);
    state.flags = ~0U;
    state.linked_to = "/other \xfe\n";
    // In the order of their bytes, which is not the order of their names in JSON.
    state.xattrs = {{"user.a", "0x00"}, {"user.b", {"\0\xff", 2}}, {"user.\xc3", "text"}, {"\xff", ""}};
    std::sort(state.xattrs.begin(), state.xattrs.end());
    model::Change change;
    change.path = "/a\"b\\c\n\x7f\x01\xff";
    change.kind = model::ChangeKind::metadata;
    change.before = change.after = state;
    change.before_owner = change.after_owner = "\xff\033[2J";
    change.before_group = change.after_group = "4294967295";
    change.diff = "--- a\n+++ b\n+\xff\t\x7f\x01\\\"\n";
    return change;
}

TEST(RecordedChange, KeepsAllThatAStateCanSay) {
    for (const bool flag : {false, true}) {
        model::Change change = everything();
        change.binary = flag;
        change.redacted = !flag;
        const std::string line = written(recorded(change, "libc6:amd64"));
        const RecordedChange read = read_change(line);
        EXPECT_EQ(written(read), line);
        EXPECT_EQ(read_change(written(read)), read);
        EXPECT_EQ(read.path, change.path);
        EXPECT_EQ(read.after->linked_to, change.after->linked_to);
        EXPECT_EQ(read.after->xattrs.back().first, "\xff");
        EXPECT_EQ(read.after->mode, 06751U);
        EXPECT_EQ(read.after->size, UINT64_MAX);
        EXPECT_EQ(read.binary, flag);
        EXPECT_EQ(read.redacted, !flag);
        EXPECT_EQ(read.package, "libc6:amd64");
    }
}

TEST(RecordedChange, ReadsNamesAsBytes) {
    for (const std::string& name : {std::string{"/plain"}, std::string{"/a\xff"}, std::string{"/\xc3\xa4"},
                                    std::string{"\"quoted\""}, std::string{R"(/a\x2db)"}}) {
        model::Change change;
        change.path = name;
        change.after.emplace().type = model::ObjectType::symlink;
        change.after->target = name;
        const RecordedChange read = read_change(written(recorded(change)));
        EXPECT_EQ(read, recorded(change));
        EXPECT_EQ(read.path, name);
        EXPECT_EQ(read.after->target, name);
    }
}

TEST(RecordedChange, HasNoDiffInAShortReportIfAPackageOwnsIt) {
    model::Change change;
    change.after.emplace();
    EXPECT_FALSE(can_be_short(recorded(change, "x"))) << "it has none anyway";
    change.diff = "--- a\n";
    EXPECT_FALSE(can_be_short(recorded(change)));
    const RecordedChange owned = recorded(change, "x");
    ASSERT_TRUE(can_be_short(owned));
    const RecordedChange in_short = read_change(written(owned, Contents::short_));
    EXPECT_EQ(in_short.diff, "");
    EXPECT_EQ(in_short.package, "x");
    EXPECT_FALSE(can_be_short(in_short));
}

/// What the first reports did not have.
TEST(RecordedChange, MayLackWhatIsNewer) {
    json line = json::parse(written(recorded(everything(), "x")));
    line.erase("package");
    for (const char* state : {"before", "after"}) {
        line.at(state).erase("flags");
        line.at(state).erase("linked_to");
    }
    const RecordedChange read = read_change(line.dump());
    EXPECT_EQ(read.package, "");
    EXPECT_EQ(read.after->flags, "");
    EXPECT_EQ(read.after->linked_to, std::nullopt);
    EXPECT_EQ(read_change(written(read)), read);
}

TEST(RecordedChange, LeavesOutWhatIsNotKnown) {
    json line = json::parse(written(recorded(everything())));
    line["later"] = {1, 2};
    line.at("after")["later"] = "x";
    EXPECT_EQ(read_change(line.dump()), read_change(written(recorded(everything()))));
}

/// Which key a change is refused for; "none" when it is read.
std::string refused_for(std::string_view line) {
    try {
        (void)read_change(line);
    } catch (const DamagedChange& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr(error.key()));
        return error.key();
    }
    return "none";
}

TEST(DamagedChange, NamesTheKeyThatIsMissing) {
    const json whole = json::parse(written(recorded(everything(), "x")));
    for (const auto& [key, value] : whole.items()) {
        json line = whole;
        line.erase(key);
        EXPECT_EQ(refused_for(line.dump()), key == "package" ? "none" : key);
    }
    for (const char* state : {"before", "after"})
        for (const auto& [key, value] : whole.at(state).items()) {
            json line = whole;
            line.at(state).erase(key);
            const bool newer = key == "flags" || key == "linked_to";
            EXPECT_EQ(refused_for(line.dump()), newer ? "none" : std::string{state} + "." + key);
        }
}

TEST(DamagedChange, NamesTheKeyThatIsSomethingElse) {
    const json whole = json::parse(written(recorded(everything(), "x")));
    for (const auto& [key, value] : whole.items()) {
        json line = whole;
        line[key] = {{1, 2}, 3}; // nothing is a list
        EXPECT_EQ(refused_for(line.dump()), key);
    }
    for (const auto& [key, value] : whole.at("after").items()) {
        json line = whole;
        line.at("after")[key] = {{1, 2}, 3};
        EXPECT_EQ(refused_for(line.dump()), "after." + key);
    }
}

struct DamageRow {
    const char *name, *place;
    json value;
    const char* key;
};
class Damage : public testing::TestWithParam<DamageRow> {};

TEST_P(Damage, IsRefused) {
    json line = json::parse(written(recorded(everything(), "x")));
    line[json::json_pointer{GetParam().place}] = GetParam().value;
    EXPECT_EQ(refused_for(line.dump()), GetParam().key);
}

INSTANTIATE_TEST_SUITE_P(Of, Damage,
                         testing::Values(DamageRow{"kind", "/kind", "moved", "kind"},
                                         DamageRow{"type", "/type", "?", "type"},
                                         DamageRow{"mode_in_words", "/after/mode", "rwx", "after.mode"},
                                         DamageRow{"mode_too_large", "/after/mode", "10000", "after.mode"},
                                         DamageRow{"uid_too_large", "/after/uid", 4294967296, "after.uid"},
                                         DamageRow{"uid_negative", "/after/uid", -1, "after.uid"},
                                         DamageRow{"size_in_halves", "/before/size", 0.5, "before.size"},
                                         DamageRow{"size_as_text", "/before/size", "5", "before.size"},
                                         DamageRow{"attribute", "/before/xattrs/user.a", 5, "before.xattrs"},
                                         DamageRow{"nothing_before_a_change", "/before", nullptr, "before"},
                                         DamageRow{"nothing_after_a_change", "/after", nullptr, "after"}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(DamagedChange, IsAllThatIsNoObject) {
    for (const char* line : {"", "{", "[]", "null", "\"text\"", "{} {}"})
        EXPECT_EQ(refused_for(line), "") << line;
}

} // namespace
} // namespace disco::report
