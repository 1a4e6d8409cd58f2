// The files of units as systemd looks for them, and what is said of units whose files a run has changed.

#include "runner/border/changed_units.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::border {
namespace {

namespace fs = std::filesystem;
using model::ServiceVerb;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class UnitTree : public testing::Test {
protected:
    void put(const std::string& path, std::string_view text) const {
        const fs::path file = tree_.path() / path;
        fs::create_directories(file.parent_path());
        sys::write_file(file, text, 0644);
    }
    void link(const std::string& path, const std::string& target) const {
        const fs::path file = tree_.path() / path;
        fs::create_directories(file.parent_path());
        fs::create_symlink(target, file);
    }
    [[nodiscard]] UnitFiles read(const std::string& unit) const {
        return read_unit_files(sys::open_directory(tree_.path()).get(), unit);
    }
    [[nodiscard]] std::vector<std::string> paths(const std::string& unit) const {
        std::vector<std::string> found;
        for (const UnitFiles::File& file : read(unit).files) found.push_back(file.path);
        return found;
    }

    sys::OwnedDirectory tree_{fs::temp_directory_path(), "unit-tree."};
};

TEST_F(UnitTree, HasNoneOfAnUnknownUnit) {
    const UnitFiles files = read("x.service");
    EXPECT_FALSE(files.fragment);
    EXPECT_THAT(files.files, IsEmpty());
}

TEST_F(UnitTree, TheAdministratorsFileGoesBeforeThePackages) {
    put("usr/lib/systemd/system/x.service", "a");
    put("etc/systemd/system/x.service", "b");
    EXPECT_THAT(paths("x.service"), ElementsAre("/etc/systemd/system/x.service"));
    EXPECT_EQ(text_of(read("x.service")), "# /etc/systemd/system/x.service\nb\n");
}

TEST_F(UnitTree, DropInsComeByTheirNames) {
    put("usr/lib/systemd/system/a-b-c.service", "[Service]\n");
    put("etc/systemd/system/a-b-c.service.d/20.conf", "1\n");
    put("usr/lib/systemd/system/a-b-c.service.d/20.conf", "2\n");
    put("usr/lib/systemd/system/a-b-c.service.d/10.conf", "3\n");
    put("etc/systemd/system/a-b-.service.d/15.conf", "4\n");
    put("etc/systemd/system/a-.service.d/30.conf", "5\n");
    put("etc/systemd/system/service.d/05.conf", "6\n");
    put("etc/systemd/system/a-b-c.service.d/README", "7\n");
    put("etc/systemd/system/a-b.service.d/01.conf", "8\n");
    EXPECT_THAT(paths("a-b-c.service"),
                ElementsAre("/usr/lib/systemd/system/a-b-c.service", "/etc/systemd/system/service.d/05.conf",
                            "/usr/lib/systemd/system/a-b-c.service.d/10.conf",
                            "/etc/systemd/system/a-b-.service.d/15.conf",
                            "/etc/systemd/system/a-b-c.service.d/20.conf",
                            "/etc/systemd/system/a-.service.d/30.conf"));
    EXPECT_THAT(text_of(read("a-b-c.service")),
                testing::StartsWith("# /usr/lib/systemd/system/a-b-c.service\n[Service]\n\n"
                                    "# /etc/systemd/system/service.d/05.conf\n6\n\n"));
}

TEST_F(UnitTree, AnInstanceHasTheFilesOfItsTemplate) {
    put("usr/lib/systemd/system/x@.service", "a");
    put("etc/systemd/system/x@.service.d/1.conf", "b");
    put("etc/systemd/system/x@one.service.d/2.conf", "c");
    EXPECT_THAT(paths("x@one.service"),
                ElementsAre("/usr/lib/systemd/system/x@.service", "/etc/systemd/system/x@.service.d/1.conf",
                            "/etc/systemd/system/x@one.service.d/2.conf"));
}

TEST_F(UnitTree, AnAliasIsAnotherUnitsName) {
    put("usr/lib/systemd/system/real.service", "a");
    put("etc/systemd/system/real.service.d/1.conf", "b");
    link("etc/systemd/system/other.service", "/usr/lib/systemd/system/real.service");
    const UnitFiles files = read("other.service");
    EXPECT_EQ(files.name, "real.service");
    EXPECT_EQ(files.files.size(), 2U);
    link("etc/systemd/system/round.service", "about.service");
    link("etc/systemd/system/about.service", "round.service");
    EXPECT_THROW(static_cast<void>(read("round.service")), sys::Error);
}

TEST_F(UnitTree, ALinkedFileIsTheUnitsOwn) {
    put("srv/x.service", "a");
    link("etc/systemd/system/x.service", "/srv/x.service");
    const UnitFiles files = read("x.service");
    EXPECT_EQ(files.name, "x.service");
    EXPECT_EQ(text_of(files), "# /etc/systemd/system/x.service\na\n");
}

TEST_F(UnitTree, WhatLeadsNowhereOrHoldsNothingIsMasked) {
    put("usr/lib/systemd/system/x.service", "a");
    put("etc/systemd/system/x.service", "");
    EXPECT_TRUE(read("x.service").masked);
    EXPECT_EQ(text_of(read("x.service")), "# Unit x.service is masked.\n");
}

TEST_F(UnitTree, NamesTheProgramsOfAUnit) {
    put("etc/systemd/system/x.service",
        "[Service]\nExecStartPre=-/usr/bin/install -d /x\nExecStart=@/usr/sbin/named named -f\n"
        "ExecReload=/usr/sbin/named\nExecutable=no\nExecStop=\n");
    put("etc/systemd/system/x.service.d/1.conf", "[Service]\nExecStart=!\"/opt/a b\"");
    EXPECT_THAT(programs_of(read("x.service")), ElementsAre("install", "named", "no", "a"));
}

TEST_F(UnitTree, IsBounded) {
    put("etc/systemd/system/large.service", std::string((std::size_t{1} << 20) + 1, 'x'));
    EXPECT_THROW(static_cast<void>(read("large.service")), sys::Error);
    const std::string half(std::size_t{600} << 10, 'x');
    put("etc/systemd/system/two.service", half);
    EXPECT_EQ(read("two.service").files.size(), 1U);
    put("etc/systemd/system/two.service.d/1.conf", half);
    EXPECT_THROW(static_cast<void>(read("two.service")), sys::Error);
    EXPECT_THROW(static_cast<void>(read(std::string(17, '-') + ".service")), sys::Error);
    for (int i = 0; i < 1001; ++i) put("etc/systemd/system/many.service.d/" + std::to_string(i), "");
    EXPECT_THROW(static_cast<void>(read("many.service")), sys::Error);
}

// ---- what is said

UnitFiles files_of(const char* text) {
    if (text == nullptr) return {.name = "x.service"};
    return {.name = "x.service", .fragment = true, .files = {{"/etc/systemd/system/x.service", text, true}}};
}

struct Row {
    const char* name;
    const char *view, *machine; ///< the unit's file, if it has one
    bool reloads;
    ServiceVerb verb;
    std::vector<std::string> options;
    const char* outcome; ///< "machine", "refused", or exit code and output
};
std::ostream& operator<<(std::ostream& stream, const Row& row) { return stream << row.name; }
class ChangedUnit : public testing::TestWithParam<Row> {};

TEST_P(ChangedUnit, IsAnsweredByItsFiles) {
    const Row& row = GetParam();
    PendingQuestion question{{row.verb, {"x"}}, {"systemctl"}, {}};
    question.words.insert(question.words.end(), row.options.begin(), row.options.end());
    if (row.verb == ServiceVerb::none) question.meaning = {};
    question.words.insert(question.words.end(), {"--", "x"});
    ASSERT_THAT(units_with_files(question), ElementsAre("x.service"));
    const auto answer =
        answer_from_files(question, {{"x.service", files_of(row.view), files_of(row.machine)}},
                          row.reloads ? std::optional<std::string>{"the reload"} : std::nullopt, Asker::root);
    std::string outcome = "machine";
    if (answer && answer->refusal.empty()) outcome = std::to_string(answer->exit) + " " + answer->output;
    if (answer && !answer->refusal.empty()) outcome = "refused";
    EXPECT_EQ(outcome, row.outcome);
}

const std::vector<std::string> none;
INSTANTIATE_TEST_SUITE_P(
    Border, ChangedUnit,
    testing::Values(
        Row{"same", "a", "a", true, ServiceVerb::show, none, "machine"},
        Row{"same_cat", "a", "a", true, ServiceVerb::none, {"cat"}, "machine"},
        Row{"no_such_unit", nullptr, nullptr, true, ServiceVerb::none, {"cat"}, "machine"},
        Row{"cat_of_new",
            "a",
            nullptr,
            false,
            ServiceVerb::none,
            {"cat"},
            "0 # /etc/systemd/system/x.service\na\n"},
        Row{"cat_of_changed",
            "b",
            "a",
            false,
            ServiceVerb::none,
            {"cat"},
            "0 # /etc/systemd/system/x.service\nb\n"},
        Row{"cat_of_removed", nullptr, "a", false, ServiceVerb::none, {"cat"}, "1 "},
        Row{"new_is_active", "a", nullptr, false, ServiceVerb::is_active, none, "3 inactive\n"},
        Row{"new_is_quiet", "a", nullptr, false, ServiceVerb::is_active, {"--quiet"}, "3 "},
        Row{"new_is_failed", "a", nullptr, true, ServiceVerb::is_failed, none, "1 inactive\n"},
        Row{"new_status", "a", nullptr, true, ServiceVerb::status, none,
            "3 x.service: inactive; its files are new in this run\n"},
        Row{"new_shown", "a", nullptr, false, ServiceVerb::show, none, "refused"},
        Row{"new_load_state", "a", nullptr, false, ServiceVerb::show, {"--property=LoadState"}, "refused"},
        Row{"new_state",
            "a",
            nullptr,
            true,
            ServiceVerb::show,
            {"--property=ActiveState,SubState"},
            "machine"},
        Row{"changed_is_active", "b", "a", true, ServiceVerb::is_active, none, "machine"},
        Row{"changed_status", "b", "a", true, ServiceVerb::status, none, "refused"},
        Row{"changed_shown", "b", "a", true, ServiceVerb::show, none, "refused"},
        Row{"changed_path", "b", "a", true, ServiceVerb::show, {"--property=FragmentPath"}, "refused"},
        Row{"changed_state", "b", "a", true, ServiceVerb::show, {"--property=MainPID"}, "machine"},
        Row{"changed_state_and_path",
            "b",
            "a",
            true,
            ServiceVerb::show,
            {"--property=MainPID", "--property=FragmentPath"},
            "refused"},
        Row{"changed_not_reloaded",
            "b",
            "a",
            false,
            ServiceVerb::show,
            {"--property=FragmentPath"},
            "machine"},
        Row{"changed_not_reloaded_status", "b", "a", false, ServiceVerb::status, none, "machine"},
        Row{"changed_needs_reload",
            "b",
            "a",
            false,
            ServiceVerb::show,
            {"--property=NeedDaemonReload"},
            "refused"},
        Row{"removed_is_active", nullptr, "a", true, ServiceVerb::is_active, none, "machine"},
        Row{"removed_shown", nullptr, "a", true, ServiceVerb::show, none, "refused"},
        Row{"removed_status", nullptr, "a", false, ServiceVerb::status, none, "refused"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(ChangedUnits, OthersMayReadWhatAllMayReadAlone) {
    const PendingQuestion question{{}, {"systemctl", "cat", "--", "x"}, {}};
    UnitFiles files = files_of("a");
    EXPECT_EQ(answer_from_files(question, {{"x.service", files, {}}}, {}, Asker::other)->exit, 0);
    files.files[0].for_all = false;
    EXPECT_THAT(answer_from_files(question, {{"x.service", files, {}}}, {}, Asker::other)->refusal,
                HasSubstr("not every user may read"));
    EXPECT_EQ(answer_from_files(question, {{"x.service", files, {}}}, {}, Asker::root)->exit, 0);
}

TEST(ChangedUnits, ANewAliasMayBeOfAUnitThatRuns) {
    const PendingQuestion question{
        {ServiceVerb::is_active, {"y"}}, {"systemctl", "is-active", "--", "y"}, {}};
    EXPECT_THAT(answer_from_files(question, {{"y.service", files_of("a"), {}}}, {}, Asker::root)->refusal,
                HasSubstr("y.service"));
}

TEST(ChangedUnits, SeveralAreShownOneAfterTheOther) {
    const PendingQuestion question{{}, {"systemctl", "cat", "--", "x", "y"}, {}};
    const auto answer = answer_from_files(
        question,
        {{"x.service", files_of("a"), files_of("b")}, {"y.service", files_of(nullptr), files_of(nullptr)}},
        {}, Asker::root);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->exit, 1);
    EXPECT_EQ(answer->output, "# /etc/systemd/system/x.service\na\n");
    EXPECT_EQ(answer->error, "No files found for y.service.\n");
}

TEST(ChangedUnits, PatternsAreForTheMachine) {
    EXPECT_THAT(units_with_files({{ServiceVerb::show, {"x*"}}, {"systemctl", "show", "--", "x*"}, {}}),
                IsEmpty());
    EXPECT_THAT(units_with_files({{}, {"systemctl", "list-units", "--", "x"}, {}}), IsEmpty());
}

} // namespace
} // namespace disco::border
