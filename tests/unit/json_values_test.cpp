// The JSON of one change: every field, and values that could be taken for others.

#include "runner/report/json_values.hpp"
#include "runner/sys/json_string.hpp"
#include "runner/sys/printable.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <sys/sysmacros.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

using model::ChangeKind;
using model::ObjectType;
using nlohmann::json;

json json_of(const model::Change& change) {
    std::string out;
    append_change(out, recorded(change));
    return json::parse(out);
}

model::Change created(const model::ObjectState& state) {
    model::Change change;
    change.path = "/x";
    change.after = state;
    change.after_owner = "o";
    change.after_group = "g";
    return change;
}

TEST(JsonChange, TellsAllOfAFile) {
    model::ObjectState file;
    file.mode = 04640;
    file.uid = 7;
    file.gid = 8;
    file.size = 5;
    file.mtime = {1, 20};
    file.sha256.emplace().fill(0xab);
    EXPECT_EQ(json_of(created(file)), json::parse(R"({"path": "/x", "kind": "created", "type": "file",
        "before": null, "after": {"mode": "4640", "uid": 7, "gid": 8, "owner": "o", "group": "g", "size": 5,
        "mtime": "1970-01-01T00:00:01.000000020Z",
        "sha256": "abababababababababababababababababababababababababababababababab",
        "target": null, "rdev": null, "flags": "", "linked_to": null, "xattrs": {}},
        "diff": null, "binary": false, "redacted": false, "package": null})"));
}

TEST(JsonChange, NamesThePackageAndLeavesItsDiffOutOfShortReports) {
    model::Change change = created({});
    change.diff = "--- a\n";
    const auto shown = [&](std::string_view package, Contents contents) {
        std::string out;
        append_change(out, recorded(change, package), contents);
        const json value = json::parse(out);
        return std::pair{value.at("package"), value.at("diff")};
    };
    EXPECT_EQ(shown("", Contents::all), (std::pair<json, json>{nullptr, "--- a\n"}));
    EXPECT_EQ(shown("", Contents::short_), (std::pair<json, json>{nullptr, "--- a\n"}));
    EXPECT_EQ(shown("libc6:amd64", Contents::all), (std::pair<json, json>{"libc6:amd64", "--- a\n"}));
    EXPECT_EQ(shown("libc6:amd64", Contents::short_), (std::pair<json, json>{"libc6:amd64", nullptr}));
}

TEST(JsonChange, TellsTheTwoStatesApart) {
    model::Change change = created({});
    change.kind = ChangeKind::metadata;
    change.before.emplace().mode = 0600;
    change.before_owner = "old";
    change.before_group = "oldgroup";
    const json shown = json_of(change);
    EXPECT_EQ(shown.at("before").at("mode"), "0600");
    EXPECT_EQ(shown.at("before").at("owner"), "old");
    EXPECT_EQ(shown.at("before").at("group"), "oldgroup");
    EXPECT_EQ(shown.at("after").at("mode"), "0000");
    EXPECT_EQ(shown.at("after").at("owner"), "o");
    EXPECT_EQ(shown.at("after").at("group"), "g");
}

TEST(JsonChange, TakesTheTypeOfWhatIsThereAfterwards) {
    model::Change change;
    change.kind = ChangeKind::deleted;
    change.before.emplace().type = ObjectType::fifo;
    EXPECT_EQ(json_of(change).at("type"), "fifo");
    EXPECT_TRUE(json_of(change).at("after").is_null());
    change.kind = ChangeKind::replaced;
    change.after.emplace().type = ObjectType::directory;
    EXPECT_EQ(json_of(change).at("type"), "directory");
}

TEST(JsonChange, ShowsTargetsOfSymlinksAndNumbersOfDevices) {
    model::ObjectState state;
    state.target = "not of a file";
    state.rdev = makedev(8, 300);
    EXPECT_TRUE(json_of(created(state)).at("after").at("target").is_null());
    EXPECT_TRUE(json_of(created(state)).at("after").at("rdev").is_null());
    state.type = ObjectType::symlink;
    state.target = "a\nb";
    EXPECT_EQ(json_of(created(state)).at("after").at("target"), "a\nb");
    for (const ObjectType type : {ObjectType::block_device, ObjectType::character_device}) {
        state.type = type;
        EXPECT_EQ(json_of(created(state)).at("after").at("rdev"), "8:300");
    }
}

TEST(JsonChange, TellsTimesOfAllAges) {
    const auto shown = [](std::int64_t seconds) {
        model::ObjectState state;
        state.mtime.tv_sec = seconds;
        return json_of(created(state)).at("after").at("mtime").get<std::string>();
    };
    EXPECT_EQ(shown(-1), "1969-12-31T23:59:59.000000000Z");
    EXPECT_EQ(shown(4'102'444'800), "2100-01-01T00:00:00.000000000Z");
    EXPECT_EQ(shown(253'402'300'800), "10000-01-01T00:00:00.000000000Z");
    EXPECT_THAT(shown(INT64_MAX), testing::EndsWith("Z")) << "no calendar goes so far";
}

TEST(JsonChange, KeepsPathsAndAttributesUnambiguous) {
    model::ObjectState state;
    state.xattrs = {
        {"user.text", "v"}, {"user.bytes", {"\0\xff", 2}}, {"user.as_if", "0x00"}, {"user.no", ""}};
    model::Change change = created(state);
    change.path = "/a\xff";
    const json shown = json_of(change);
    EXPECT_EQ(shown.at("path"), R"("/a\377")");
    EXPECT_EQ(shown.at("after").at("xattrs"), json::parse(R"({"user.text": "v", "user.bytes": "0x00ff",
        "user.as_if": "0x30783030", "user.no": ""})"));
}

struct NameRow {
    std::string bytes, in_json, shown;
};

TEST(JsonName, FollowsTheTable) {
    for (const auto& [bytes, in_json, shown] :
         {NameRow{"/etc/motd", "/etc/motd", "/etc/motd"},
          NameRow{R"(/etc/a\x2db.slice)", R"(/etc/a\x2db.slice)", R"("/etc/a\\x2db.slice")"},
          NameRow{R"(/a"b)", R"(/a"b)", R"("/a\"b")"},
          NameRow{"/a b\xc3\xa4", "/a b\xc3\xa4", "/a b\xc3\xa4"},
          NameRow{"/a\n\033", "/a\n\033", R"("/a\n\033")"}, NameRow{"/a\xff", R"("/a\377")", R"("/a\377")"},
          NameRow{R"("quoted")", R"("\"quoted\"")", R"("\"quoted\"")"}}) {
        EXPECT_EQ(json_name(bytes), in_json);
        EXPECT_EQ(shown_name(json_name(bytes)), shown);
        std::string out;
        sys::append_json_string(out, json_name(bytes));
        EXPECT_EQ(json::parse(out), in_json);
    }
}

TEST(JsonChange, HoldsNamesAsTheyAre) {
    model::ObjectState link;
    link.type = model::ObjectType::symlink;
    link.target = R"(../a\x2db.service)";
    model::Change change = created(link);
    change.path = R"(/etc/systemd/system/a\x2db.service)";
    const json shown = json_of(change);
    EXPECT_EQ(shown.at("path"), change.path);
    EXPECT_EQ(shown.at("after").at("target"), link.target);
}

TEST(JsonChange, KeepsOddNamesOfAttributes) {
    for (const char* name : {"user.a\"b", "user.\n", "user.\\", "user.\xff"}) {
        model::ObjectState state;
        state.xattrs = {{name, "v"}};
        std::string out;
        append_change(out, recorded(created(state)));
        ASSERT_TRUE(json::accept(out)) << out;
        EXPECT_EQ(json::parse(out).at("after").at("xattrs"), json::object({{json_name(name), "v"}}));
    }
}

TEST(JsonChange, SaysWhatItDoesNotShow) {
    model::Change change = created({});
    change.redacted = true;
    EXPECT_EQ(json_of(change).at("redacted"), true);
    EXPECT_EQ(json_of(change).at("binary"), false);
    change.redacted = false;
    change.binary = true;
    change.diff = "+\xff\n";
    EXPECT_EQ(json_of(change).at("redacted"), false);
    EXPECT_EQ(json_of(change).at("binary"), true);
    EXPECT_EQ(json_of(change).at("diff"), "+\\377\n") << "JSON holds UTF-8 only";
}

TEST(JsonStep, NamesEveryNumber) {
    model::Step step;
    step.phase = model::Phase::check;
    step.name = "checks/1";
    step.profile = model::Profile::live;
    step.exit = 3;
    step.signal = 15;
    step.wall_s = 1.25;
    step.usage = {.user_s = 0.5,
                  .sys_s = 0.25,
                  .max_rss_kib = 1,
                  .minor_faults = 2,
                  .major_faults = 3,
                  .blocks_in = 4,
                  .blocks_out = 5,
                  .switches_voluntary = 6,
                  .switches_involuntary = 7};
    step.output = "said\n";
    std::string out;
    append_step(out, step);
    EXPECT_EQ(json::parse(out), json::parse(R"({"phase": "check", "name": "checks/1", "profile": "live",
        "exit": 3, "signal": 15, "wall_s": 1.25, "user_s": 0.5, "sys_s": 0.25, "max_rss_kib": 1,
        "minor_faults": 2, "major_faults": 3, "blocks_in": 4, "blocks_out": 5, "switches_voluntary": 6,
        "switches_involuntary": 7, "output": "said\n"})"));
}

} // namespace
} // namespace disco::report
