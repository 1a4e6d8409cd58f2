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

/// `text` makes it as long as a test wants it.
RecordedChange change(const std::string& path, const std::string& text = {},
                      const std::string& package = {}) {
    RecordedChange made;
    made.path = path;
    made.after.emplace();
    made.diff = text;
    made.package = package;
    return made;
}

std::string json(const RecordedChange& change, Contents contents = Contents::all) {
    std::string text;
    append_change(text, change, contents);
    return text;
}

TEST(ChangeLog, GivesBackWhatItGotInOrder) {
    ChangeLog log{"/nonexistent"}; // not needed for so little
    EXPECT_EQ(log.size(), 0U);
    EXPECT_THAT(read(log, 0, 5), IsEmpty());
    for (const char* path : {"/a", "/b", "/c", "/d"}) log.append(change(path));
    EXPECT_EQ(log.size(), 4U);
    EXPECT_THAT(read(log, 0, 4),
                ElementsAre(json(change("/a")), json(change("/b")), json(change("/c")), json(change("/d"))));
    EXPECT_THAT(read(log, 1, 2), ElementsAre(json(change("/b")), json(change("/c"))));
    EXPECT_THAT(read(log, 3, 100), ElementsAre(json(change("/d"))));
    EXPECT_THAT(read(log, 4, 1), IsEmpty());
    EXPECT_THAT(read(log, 2, 0), IsEmpty());
}

TEST(ChangeLog, KeepsTheJsonOfAChange) {
    ChangeLog log{"/nonexistent"};
    model::Change made;
    made.path = "/x";
    made.after.emplace();
    log.append(recorded(made));
    EXPECT_TRUE(read(log, 0, 1).at(0).starts_with(R"({"path":"/x","kind":"created",)"));
}

TEST(ChangeLog, GrowsIntoAFileThatHasNoName) {
    const sys::OwnedDirectory directory{fs::temp_directory_path(), "change-log-test-"};
    ChangeLog log{directory.path()};
    const auto numbered = [](std::size_t i) {
        return change(fmt::format("/{}", i), std::string(i % 300, 'x'));
    };
    constexpr std::size_t many = 3000; // a megabyte: many writes, and something that is still pending
    for (std::size_t i = 0; i < many; ++i) {
        log.append(numbered(i));
        if (i % 500 != 0) continue;
        EXPECT_THAT(read(log, i, 1), ElementsAre(json(numbered(i)))) << "read while it grows";
    }
    EXPECT_EQ(log.size(), many);
    const auto all = read(log, 0, many);
    ASSERT_EQ(all.size(), many);
    for (std::size_t i = 0; i < many; ++i) EXPECT_EQ(all[i], json(numbered(i)));
    EXPECT_TRUE(fs::is_empty(directory.path()));
    ChangeLog moved{std::move(log)};
    EXPECT_THAT(read(moved, 1234, 1), ElementsAre(json(numbered(1234))));
}

TEST(ChangeLog, GivesBackShortLinesWhereThereAreSome) {
    const sys::OwnedDirectory directory{fs::temp_directory_path(), "change-log-test-"};
    ChangeLog log{directory.path()};
    const std::vector<RecordedChange> changes = {change("/one", "diff"), change("/two", "long", "p"),
                                                 change("/three", std::string(100'000, 'x'), "p"),
                                                 change("/four"), change("/five", "long", "p")};
    log.append(changes[0]);
    EXPECT_FALSE(log.can_be_short());
    for (std::size_t i = 1; i < changes.size(); ++i) log.append(changes[i]); // soon they are in the file
    EXPECT_TRUE(log.can_be_short());
    EXPECT_EQ(log.size(), changes.size());
    ChangeLog copy{directory.path()};
    copy.append_all(log);
    EXPECT_TRUE(copy.can_be_short());
    for (const ChangeLog* one : {&log, &copy})
        for (std::size_t i = 0; i < changes.size(); ++i) {
            EXPECT_THAT(read(*one, i, 1), ElementsAre(json(changes[i])));
            EXPECT_THAT(read(*one, i, 1, Contents::short_), ElementsAre(json(changes[i], Contents::short_)));
            EXPECT_EQ(one->group_of(i).name, changes[i].package);
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
        log.append(change("/x", std::string(100'000, 'x')));
        FAIL() << "it found a place";
    } catch (const sys::SysError& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("'/nonexistent'"));
    }
}

} // namespace
} // namespace disco::report
