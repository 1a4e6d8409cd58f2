// What a rollback leaves as it is: which globs match, how a directory is parted, which globs are suggested.

#include "runner/model/kept_paths.hpp"

#include <map>

#include <gmock/gmock.h>

namespace disco::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(PathGlobs, CoverWhatTheyMatchAndAllBelow) {
    struct Row {
        const char *glob, *path;
        bool covered;
    };
    for (const Row& row :
         {Row{"/var/lib/mysql/**", "/var/lib/mysql", true},
          Row{"/var/lib/mysql/**", "/var/lib/mysql/a/b", true},
          Row{"/var/lib/mysql", "/var/lib/mysql/a/b", true}, Row{"var/lib/mysql/", "/var/lib/mysql/a", true},
          Row{"/var/lib/mysql", "/var/lib/mysqld", false}, Row{"/var/lib/mysql", "/var/lib", false},
          Row{"*.log", "/var/log/a.log", false}, Row{"**/*.log", "/var/log/a.log", true},
          Row{"/var/log/[ab].log", "/var/log/b.log", true}, Row{"/var/log/?.log", "/var/log/ab.log", false},
          Row{"/**", "/x", true}, Row{"/x", "/x", true}, Row{"/y", "/x", false}}) {
        PathGlobs globs{{row.glob}};
        EXPECT_EQ(globs.cover(row.path), row.covered) << row.glob << ' ' << row.path;
        EXPECT_EQ(globs.without_match().empty(), row.covered) << row.glob << ' ' << row.path;
    }
    EXPECT_FALSE(PathGlobs{}.cover("/x"));
}

TEST(PathGlobs, KnowWhichHaveMatched) {
    PathGlobs globs{{"/a/**", "/b", "/c", "/a/x"}};
    EXPECT_TRUE(globs.cover("/a/x/y"));
    EXPECT_FALSE(globs.match("/b/z"));
    EXPECT_THAT(globs.without_match(), ElementsAre("/b", "/c"));
    EXPECT_THAT(globs.all(), ElementsAre("/a/**", "/b", "/c", "/a/x"));
}

class Split : public testing::Test {
protected:
    /// Directories end with a slash.
    std::map<std::string, std::vector<std::string>> tree = {{"/d", {"a", "log/", "sub/"}},
                                                            {"/d/log", {"1", "2"}},
                                                            {"/d/sub", {"deep/", "z"}},
                                                            {"/d/sub/deep", {"x", "y"}}};
    std::vector<std::string> listed;

    ListDirectory list() {
        return [this](const std::string& path) {
            listed.push_back(path);
            std::vector<NameInDirectory> names;
            for (std::string name : tree.at(path)) {
                const bool directory = name.ends_with('/');
                if (directory) name.pop_back();
                names.push_back({name, directory});
            }
            return names;
        };
    }
    SplitDirectory split(std::vector<std::string> words) {
        PathGlobs globs{std::move(words)};
        return split_directory("/d", globs, list());
    }
};

TEST_F(Split, OfWhichNothingIsKeptGoesAsAWhole) {
    const SplitDirectory parts = split({"/e", "/d/none"});
    EXPECT_THAT(parts.goes, ElementsAre("/d"));
    EXPECT_THAT(parts.kept, IsEmpty());
    EXPECT_THAT(parts.stays, IsEmpty());
}

TEST_F(Split, TheRestGoesInAsFewPiecesAsCanBe) {
    const SplitDirectory parts = split({"/d/sub/deep/x"});
    EXPECT_THAT(parts.goes, UnorderedElementsAre("/d/a", "/d/log", "/d/sub/z", "/d/sub/deep/y"));
    EXPECT_THAT(parts.kept, ElementsAre("/d/sub/deep/x"));
    EXPECT_THAT(parts.stays, UnorderedElementsAre("/d", "/d/sub", "/d/sub/deep"));
}

TEST_F(Split, WhatIsKeptIsNotLookedInto) {
    const SplitDirectory parts = split({"/d/log/**", "/d/sub/z"});
    EXPECT_THAT(parts.goes, UnorderedElementsAre("/d/a", "/d/sub/deep"));
    EXPECT_THAT(parts.kept, UnorderedElementsAre("/d/log", "/d/sub/z"));
    EXPECT_THAT(parts.stays, UnorderedElementsAre("/d", "/d/sub"));
    EXPECT_THAT(split({"/d/log"}).kept, ElementsAre("/d/log"));
    listed.clear();
    (void)split({"/d/log"});
    EXPECT_THAT(listed, testing::Not(testing::Contains("/d/log")));
}

TEST_F(Split, AGlobForAPartOfWhatAnotherOneKeepsIsNoSlip) {
    PathGlobs globs{{"/d/sub/**", "/d/sub/deep/x", "/d/sub/deep/none"}};
    (void)split_directory("/d", globs, list());
    EXPECT_THAT(globs.without_match(), ElementsAre("/d/sub/deep/none"));
}

std::vector<std::string> suggested(const std::vector<std::string>& paths,
                                   const std::vector<std::string>& made) {
    std::vector<Conflict> conflicts;
    for (const std::string& path : paths) conflicts.push_back({path, "", ""});
    return globs_for(conflicts, {made.begin(), made.end()});
}

TEST(Suggestions, NameTheOutermostDirectoryThatTheRunMade) {
    EXPECT_THAT(suggested({"/var/log/x", "/var/lib/mysql/a/b", "/var/lib/mysql", "/var/lib/mysqld"},
                          {"/var/lib/mysql/a", "/var/lib/mysql", "/opt"}),
                ElementsAre("/var/lib/mysql/**", "/var/lib/mysqld", "/var/log/x"));
}

TEST(Suggestions, MatchNothingElse) {
    for (const std::string path : {"/a/[x]*?\\", "/a/**", "/a/b]"}) {
        const auto globs = suggested({path}, {});
        ASSERT_EQ(globs.size(), 1U);
        PathGlobs keep{globs};
        EXPECT_TRUE(keep.match(path)) << globs[0];
        for (const char* other : {"/a/x", "/a/xx?\\", "/a/[x]zz\\", "/a/b/c"})
            EXPECT_FALSE(keep.match(other)) << globs[0];
    }
}

TEST(Suggestions, AreNoneWhereNoGlobHelps) {
    EXPECT_THAT(suggested({"/etc/x", "/srv/"}, {}), IsEmpty());
    EXPECT_THAT(suggested({}, {}), IsEmpty());
}

} // namespace
} // namespace disco::model
