// The log of changes: in memory while it is small, in a nameless file when it is not.

#include "runner/report/change_log.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <filesystem>

#include <gmock/gmock.h>

#include <fmt/format.h>

namespace disco::report {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> read(const ChangeLog& log, std::size_t first, std::size_t count,
                              Contents contents = Contents::all) {
    std::vector<std::string> found;
    log.for_each_json(
        first, count, [&](std::string_view json) { found.emplace_back(json); }, contents);
    return found;
}

TEST(ChangeLog, GivesBackWhatItGotInOrder) {
    ChangeLog log{"/nonexistent"}; // not needed for so little
    EXPECT_EQ(log.size(), 0U);
    EXPECT_THAT(read(log, 0, 5), IsEmpty());
    for (const char* json : {"{}", "{\"a\":1}", "", "[3]"}) log.append_json(json);
    EXPECT_EQ(log.size(), 4U);
    EXPECT_THAT(read(log, 0, 4), ElementsAre("{}", "{\"a\":1}", "", "[3]"));
    EXPECT_THAT(read(log, 1, 2), ElementsAre("{\"a\":1}", ""));
    EXPECT_THAT(read(log, 3, 100), ElementsAre("[3]"));
    EXPECT_THAT(read(log, 4, 1), IsEmpty());
    EXPECT_THAT(read(log, 2, 0), IsEmpty());
}

TEST(ChangeLog, KeepsTheJsonOfAChange) {
    ChangeLog log{"/nonexistent"};
    model::Change change;
    change.path = "/x";
    change.after.emplace();
    log.append(recorded(change));
    EXPECT_TRUE(read(log, 0, 1).at(0).starts_with(R"({"path":"/x","kind":"created",)"));
}

TEST(ChangeLog, GrowsIntoAFileThatHasNoName) {
    const sys::OwnedDirectory directory{fs::temp_directory_path(), "change-log-test-"};
    ChangeLog log{directory.path()};
    const auto line = [](std::size_t i) { return fmt::format("{} {}", i, std::string(i % 300, 'x')); };
    constexpr std::size_t many =
        3000; // some 450 000 bytes: seven writes, and something that is still pending
    for (std::size_t i = 0; i < many; ++i) {
        log.append_json(line(i));
        if (i % 500 != 0) continue;
        EXPECT_THAT(read(log, i, 1), ElementsAre(line(i))) << "read while it grows";
    }
    EXPECT_EQ(log.size(), many);
    const auto all = read(log, 0, many);
    ASSERT_EQ(all.size(), many);
    for (std::size_t i = 0; i < many; ++i) EXPECT_EQ(all[i], line(i));
    EXPECT_TRUE(fs::is_empty(directory.path()));
    ChangeLog moved{std::move(log)};
    EXPECT_THAT(read(moved, 1234, 1), ElementsAre(line(1234)));
}

TEST(ChangeLog, GivesBackShortLinesWhereThereAreSome) {
    const sys::OwnedDirectory directory{fs::temp_directory_path(), "change-log-test-"};
    ChangeLog log{directory.path()};
    log.append_json("one");
    EXPECT_FALSE(log.can_be_short());
    log.append_json("two and more", "two");
    log.append_json(std::string(100'000, 'x'), "x"); // now they are in the file
    log.append_json("four");
    log.append_json("five and more", "five");
    EXPECT_TRUE(log.can_be_short());
    EXPECT_EQ(log.size(), 5U);
    ChangeLog copy{directory.path()};
    copy.append_all(log);
    for (const ChangeLog* one : {&log, &copy}) {
        EXPECT_THAT(read(*one, 0, 5),
                    ElementsAre("one", "two and more", std::string(100'000, 'x'), "four", "five and more"));
        EXPECT_THAT(read(*one, 0, 5, Contents::short_), ElementsAre("one", "two", "x", "four", "five"));
        EXPECT_THAT(read(*one, 1, 1, Contents::short_), ElementsAre("two"));
        EXPECT_THAT(read(*one, 3, 1, Contents::short_), ElementsAre("four"));
    }
}

TEST(ChangeLog, HasAShortLineForTheDiffOfAPackagesFileAlone) {
    ChangeLog log{"/nonexistent"};
    model::Change change;
    change.path = "/x";
    change.after.emplace();
    log.append(recorded(change, "package")); // without a diff
    change.diff = "diff";
    log.append(recorded(change));
    EXPECT_FALSE(log.can_be_short());
    log.append(recorded(change, "package"));
    EXPECT_TRUE(log.can_be_short());
    const auto all = read(log, 0, 3), shortly = read(log, 0, 3, Contents::short_);
    EXPECT_EQ(all[0], shortly[0]);
    EXPECT_EQ(all[1], shortly[1]);
    EXPECT_THAT(all[2], testing::HasSubstr(R"("diff":"diff")"));
    EXPECT_THAT(shortly[2], testing::HasSubstr(R"("diff":null)"));
}

TEST(ChangeLog, TellsWhereItCannotGrow) {
    ChangeLog log{"/nonexistent"};
    try {
        log.append_json(std::string(100'000, 'x'));
        FAIL() << "it found a place";
    } catch (const sys::SysError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("'/nonexistent'"));
    }
}

} // namespace
} // namespace disco::report
