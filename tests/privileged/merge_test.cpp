// Scan, composition and merge together, against an oracle: the same work done directly on a copy of the tree.

#include "runner/sys/error.hpp"
#include "tests/support/layered_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <map>
#include <random>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class Merge : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        fs::create_directory(live());
        fs::create_directory(scratch());
    }
    fs::path live() const { return place() / "live"; }
    fs::path scratch() const { return place() / "scratch"; }

    /// Each script is a layer; afterwards the live tree is what it would be had they run on it directly.
    void expect_same_as_direct(const std::vector<std::string>& scripts) {
        const fs::path direct = place() / "direct";
        run_bash(place(), "cp -a live direct");
        for (const std::string& script : scripts) run_bash(direct, script);
        LayeredTree tree{live(), scratch()};
        for (const std::string& script : scripts) tree.layer(script);
        EXPECT_THAT(tree.merge().conflicts, IsEmpty());
        EXPECT_EQ(difference(contents(direct), contents(live())), "");
    }
};

/// A way to make every kind of object at `x`, and one to look at afterwards.
struct Kind {
    const char* name;
    const char* make;
};
constexpr Kind kinds[] = {
    {"absent", "true"},
    {"file", "echo file > x"},
    {"other_file", "echo other > x; chmod 600 x; setfattr -n user.a -v 1 x 2>/dev/null || true"},
    {"symlink", "ln -s target x"},
    {"directory", "mkdir x; echo in > x/in; mkdir x/deep; echo deep > x/deep/y"},
    {"other_directory", "mkdir -m 700 x; echo else > x/in; ln -s in x/link; chown 33:33 x"},
    {"fifo", "mkfifo x"},
    {"device", "mknod x c 1 3"},
};

using KindPair = std::tuple<Kind, Kind>;
class Replace : public Merge, public testing::WithParamInterface<KindPair> {};

TEST_P(Replace, GivesWhatDirectWorkGives) {
    const auto& [before, after] = GetParam();
    run_bash(live(), fmt::format("echo bystander > b; {}", before.make));
    expect_same_as_direct({fmt::format("rm -rf x; {}", after.make)});
}

TEST_P(Replace, InTwoLayersToo) {
    const auto& [before, after] = GetParam();
    run_bash(live(), "mkdir x; echo lives > x/lives");
    expect_same_as_direct(
        {fmt::format("rm -rf x; {}", before.make), fmt::format("rm -rf x; {}", after.make)});
}

INSTANTIATE_TEST_SUITE_P(Every, Replace, testing::Combine(testing::ValuesIn(kinds), testing::ValuesIn(kinds)),
                         [](const auto& row) {
                             return std::string{std::get<0>(row.param).name} + "_by_" +
                                    std::get<1>(row.param).name;
                         });

constexpr const char* furnish =
    "mkdir -p etc/deep/er home srv/full; echo one > etc/one; echo two > etc/deep/two; echo three > "
    "etc/deep/er/three; "
    "ln -s one etc/link; echo a > srv/full/a; echo b > srv/full/b; chmod 640 etc/one; mkfifo srv/fifo";
constexpr const char* rearrange = "echo more >> etc/one; rm etc/link; mkdir new; echo n > new/n; mkdir -p "
                                  "new/sub; echo s > new/sub/s; rm -r srv/full; "
                                  "mkdir srv/full; echo c > srv/full/c; chmod 700 home; rm -r etc/deep/er; "
                                  "ln -s ../one etc/deep/er; mv etc/deep/two etc/two; "
                                  "chown 33 srv; touch srv/fifo";

TEST_F(Merge, OfManyThingsGivesWhatDirectWorkGives) {
    run_bash(live(), furnish);
    expect_same_as_direct(
        {rearrange, "rm -r new/sub; echo again > etc/one; mkdir etc/link; echo x > etc/link/x"});
}

TEST_F(Merge, AcrossFileSystemsGivesTheSame) {
    run_bash(live(), furnish);
    sys::check(::mount("disco-test", scratch().c_str(), "tmpfs", 0, ""), "mount", scratch());
    expect_same_as_direct(
        {rearrange, "rm -r new/sub; echo again > etc/one; mkdir etc/link; echo x > etc/link/x"});
    EXPECT_EQ(::umount2(scratch().c_str(), MNT_DETACH), 0);
}

Snapshot without_inodes(Snapshot tree) {
    for (auto& [path, line] : tree) {
        const std::size_t inode = line.find(" inode ");
        if (inode != std::string::npos) line.erase(inode, line.find(" links ") - inode);
    }
    return tree;
}

TEST_F(Merge, CanBeRolledBackAndThatToo) {
    for (const bool elsewhere : {false, true}) {
        run_bash(place(), "rm -rf live scratch && mkdir live scratch");
        run_bash(live(), furnish);
        if (elsewhere)
            sys::check(::mount("disco-test", scratch().c_str(), "tmpfs", 0, ""), "mount", scratch());
        const Snapshot before = restorable(live());
        LayeredTree tree{live(), scratch()};
        tree.layer(rearrange);
        ASSERT_THAT(tree.merge().conflicts, IsEmpty());
        const Snapshot after = contents(live());
        ASSERT_THAT(tree.roll_back("run", "back").conflicts, IsEmpty());
        if (elsewhere)
            EXPECT_EQ(difference(without_inodes(before), without_inodes(restorable(live()))), "");
        else
            EXPECT_EQ(difference(before, restorable(live())), "");
        ASSERT_THAT(tree.roll_back("back", "forth").conflicts, IsEmpty());
        EXPECT_EQ(difference(after, contents(live())), "");
        EXPECT_THROW((void)tree.roll_back("run", "again"), sys::Error);
        if (elsewhere) {
            EXPECT_EQ(::umount2(scratch().c_str(), MNT_DETACH), 0);
        }
    }
}

TEST_F(Merge, KeepsOriginalsAloneForARollback) {
    for (const bool elsewhere : {false, true}) {
        run_bash(place(), "rm -rf live scratch && mkdir live scratch");
        run_bash(live(),
                 "head -c 3M /dev/urandom > large; ln large linked; mkdir -p deep/er; cp large deep/er/; "
                 "echo old > deep/small; mkdir goes; head -c 5000 /dev/urandom > goes/in");
        if (elsewhere)
            sys::check(::mount("disco-test", scratch().c_str(), "tmpfs", 0, ""), "mount", scratch());
        const Snapshot before = restorable(live());
        LayeredTree tree{live(), scratch()};
        tree.layer("chown -R 12 .; echo changed > deep/small; rm -r goes; echo x > goes");
        ASSERT_THAT(tree.merge().conflicts, IsEmpty());
        std::uintmax_t kept = 0;
        for (const auto& entry : fs::recursive_directory_iterator{scratch() / "undo/run/data"})
            if (entry.is_regular_file()) kept += entry.file_size();
        EXPECT_EQ(kept, 5000U + std::string_view{"old\n"}.size());
        EXPECT_EQ(sys::read_line_if_exists(scratch() / "undo/run/size"), std::to_string(kept));
        ASSERT_THAT(tree.roll_back("run", "back").conflicts, IsEmpty());
        if (elsewhere)
            EXPECT_EQ(difference(without_inodes(before), without_inodes(restorable(live()))), "");
        else
            EXPECT_EQ(difference(before, restorable(live())), "");
        if (elsewhere) {
            EXPECT_EQ(::umount2(scratch().c_str(), MNT_DETACH), 0);
        }
    }
}

TEST_F(Merge, ARollbackMeetsNoLaterChange) {
    const auto try_after = [&](const char* meddling, std::size_t conflicts) {
        run_bash(place(), "rm -rf live scratch && mkdir live scratch");
        run_bash(live(), "mkdir etc; echo 1 > etc/a; echo 1 > etc/b; echo 1 > etc/c; mkdir d");
        LayeredTree tree{live(), scratch()};
        tree.layer("echo 2 > etc/a; rm etc/b; echo new > etc/new; mkdir srv; echo x > srv/x; chmod 700 d");
        ASSERT_THAT(tree.merge().conflicts, IsEmpty());
        run_bash(live(), meddling);
        const Snapshot before = snapshot(live());
        EXPECT_THAT(tree.roll_back("run", "back").conflicts, testing::SizeIs(conflicts)) << meddling;
        if (conflicts != 0) {
            EXPECT_EQ(difference(before, snapshot(live())), "") << meddling;
        }
    };
    for (const char* meddling : {"echo 3 >> etc/a", "echo 3 > etc/b", "chmod 600 etc/new", "chmod 755 d",
                                 "rm etc/a", "rm -r srv", "echo y > srv/x"})
        try_after(meddling, 1);
    try_after("echo y > srv/y", 2); // and the directory
    try_after("echo 3 > etc/c; echo other > etc/other", 0);
    EXPECT_EQ(sys::read_file(live() / "etc/c"), "3\n");
    EXPECT_EQ(sys::read_file(live() / "etc/a"), "1\n");
}

TEST_F(Merge, ConflictsAreFoundBeforeAnythingIsChanged) {
    run_bash(live(), furnish);
    struct Meddling {
        const char *what, *path;
    };
    for (const Meddling& meddling :
         {Meddling{"echo theirs >> etc/one", "/etc/one"}, Meddling{"rm etc/one", "/etc/one"},
          Meddling{"touch new", "/new"}, Meddling{"touch etc/deep/er/theirs", "/etc/deep/er"},
          Meddling{"chmod 711 home", "/home"}, Meddling{"rm -r etc/deep", "/etc/deep"}}) {
        const fs::path own = scratch() / std::to_string(::rand());
        fs::create_directory(own);
        run_bash(place(), "rm -rf live && mkdir live");
        run_bash(live(), furnish);
        LayeredTree tree{live(), own};
        tree.layer(rearrange);
        run_bash(live(), meddling.what);
        const Snapshot before = snapshot(live());
        const model::MergeReport report = tree.merge();
        ASSERT_FALSE(report.conflicts.empty()) << meddling.what;
        EXPECT_THAT(report.conflicts.front().path, testing::StartsWith(meddling.path)) << meddling.what;
        EXPECT_EQ(difference(before, snapshot(live())), "") << meddling.what;
    }
}

TEST_F(Merge, AnImmutableFileIsAConflict) {
    // tmpfs knows no such flag before Linux 6.6.
    run_bash(live(), furnish);
    if (::system(fmt::format("chattr +i {}/etc/one 2>/dev/null", live().string()).c_str()) != 0)
        GTEST_SKIP() << "this kernel's tmpfs has no immutable files";
    LayeredTree tree{live(), scratch()};
    tree.layer("rm etc/two 2>/dev/null; echo x > other; cp etc/one etc/copy; mv etc/copy etc/one || rm -f "
               "etc/copy; echo y > etc/three");
    const auto report = tree.merge();
    EXPECT_EQ(::system(fmt::format("chattr -i {}/etc/one", live().string()).c_str()), 0);
    for (const auto& conflict : report.conflicts) EXPECT_THAT(conflict.found, HasSubstr("immutable"));
}

TEST_F(Merge, RunsOfChangesThatEndWhereTheyBeganMergeNothing) {
    run_bash(live(), furnish);
    const Snapshot before = snapshot(live());
    LayeredTree tree{live(), scratch()};
    tree.layer("echo more >> etc/one; mkdir new; rm srv/full/a; chmod 700 home");
    tree.layer("printf 'one\\n' > etc/one; rmdir new; echo a > srv/full/a; chmod 755 home");
    EXPECT_TRUE(tree.composition().empty());
    EXPECT_EQ(tree.merge().steps, 0U);
    EXPECT_EQ(difference(before, snapshot(live())), "");
}

TEST_F(Merge, DirectoriesMadeInARemadeDirectoryHideWhatWasThere) {
    run_bash(live(), furnish);
    expect_same_as_direct({"rm -r etc; mkdir -p etc/deep/er; echo x > etc/deep/er/x"});
}

TEST_F(Merge, EqualCopyUpsAreNoChange) {
    run_bash(live(), furnish);
    LayeredTree tree{live(), scratch()};
    EXPECT_THAT(
        tree.layer(
            "touch etc/one; chmod 640 etc/one; sed -i s/nothing/x/ etc/deep/two; touch etc/t; rm etc/t"),
        IsEmpty());
}

TEST_F(Merge, ChangesAreNamedByKind) {
    run_bash(live(), furnish);
    LayeredTree tree{live(), scratch()};
    EXPECT_THAT(
        lines_of(tree.layer(
            "echo more >> etc/one; rm etc/link; mkdir new; chmod 700 home; rm srv/fifo; ln -s x srv/fifo; "
            "rm -r srv/full; mkdir srv/full; echo a > srv/full/a")),
        UnorderedElementsAre("modified /etc/one", "deleted /etc/link", "created /new", "metadata /home",
                             "replaced /srv/fifo", "deleted /srv/full/b"));
}

TEST_F(Merge, AFileChangedByOneNameIsChangedByAll) {
    run_bash(live(), "mkdir d; echo one > a; ln a d/b; ln a c; echo two > e; ln e f");
    LayeredTree tree{live(), scratch()};
    EXPECT_THAT(lines_of(tree.layer("echo more >> d/b; cat a c > seen; rm seen; rm f")),
                UnorderedElementsAre("modified /a", "modified /c", "modified /d/b", "deleted /f"));
    EXPECT_THAT(lines_of(tree.layer("cmp a c; chmod 600 c; echo more >> e")),
                UnorderedElementsAre("metadata /a", "metadata /c", "metadata /d/b", "modified /e"));
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    run_bash(live(), "[ a -ef d/b ] && [ a -ef c ] && [ $(cat a | wc -l) = 2 ] && [ $(stat -c %h a) = 3 ]");
    run_bash(live(), "[ $(stat -c %h e) = 1 ] && [ $(stat -c %a d/b) = 600 ]");
}

TEST_F(Merge, LinksThatAreMadeOrBrokenAreNamedAndArrive) {
    run_bash(live(), "echo one > a; ln a b; echo same > c; cp -p c d; echo one > e");
    LayeredTree tree{live(), scratch()};
    const auto changes = tree.layer("cp -p a t; mv t a; ln -f c d; ln e f");
    EXPECT_THAT(lines_of(changes), UnorderedElementsAre("metadata /a", "metadata /b", "metadata /c",
                                                        "metadata /d", "created /f"));
    std::map<std::string, std::string> links;
    for (const model::Change& change : changes)
        if (change.before) links[change.path] = change.before->linked_to + ">" + change.after->linked_to;
    EXPECT_EQ(links, (std::map<std::string, std::string>{
                         {"/a", "/b>"}, {"/b", "/a>"}, {"/c", ">/d"}, {"/d", ">/c"}}));
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    run_bash(live(), "! [ a -ef b ] && [ c -ef d ] && [ e -ef f ]");
}

TEST_F(Merge, AFileIsChangedAndOneOfItsNamesRemoved) {
    run_bash(live(), "mkdir d; echo one > a; ln a d/b");
    expect_same_as_direct({"chown 33 d/b; rm d/b", "chmod 600 a"});
}

TEST_F(Merge, ARenamedDirectoryComesWhole) {
    run_bash(live(), "mkdir -p d/deep/er old; echo 1 > d/one; echo 2 > d/deep/two; echo 3 > d/deep/er/three; "
                     "echo gone > d/deep/gone; ln d/one link");
    expect_same_as_direct({"rm d/deep/gone; mv d/deep/er d/moved; mv d new; echo more >> new/one; rmdir old; "
                           "mv new/deep old; [ $(cat link | wc -l) = 2 ]",
                           "mv new/moved again; [ -e again/three ]; mv old new/old"});
}

TEST_F(Merge, DirectoriesKeepTheTimesThatTheWorkLeavesThem) {
    run_bash(live(), "mkdir d e; echo one > d/a; echo two > e/b; touch -d 2001-01-01 d e .");
    LayeredTree tree{live(), scratch()};
    tree.layer("echo more >> d/a; echo three > e/c; touch -d 2002-02-02 e");
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    run_bash(live(), "[ $(stat -c %y . d e | cut -d- -f1 | tr -d '\n') = 200120012002 ]");
}

TEST_F(Merge, FlagsThatOverlayfsDoesNotCopyStay) {
    run_bash(live(), "echo one > a; echo two > b; echo three > c");
    if (::system(fmt::format("cd {} && chattr +d a b && chattr +A c", live().string()).c_str()) != 0)
        GTEST_SKIP() << "this kernel's tmpfs has no flags";
    LayeredTree tree{live(), scratch()};
    EXPECT_THAT(lines_of(tree.layer("echo more >> a; chmod 600 b; chattr +d c")),
                UnorderedElementsAre("modified /a", "metadata /b", "metadata /c"));
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    run_bash(live(), "[ $(lsattr a b c | cut -d' ' -f1 | tr -d '\n-') = dddA ]");
}

TEST_F(Merge, FlagsOfADirectoryAreSeenByLaterLayers) {
    if (::system(fmt::format("mkdir {0}/d && chattr +A {0}/d && chattr -A {0}/d", live().string()).c_str()) !=
        0)
        GTEST_SKIP() << "this kernel's tmpfs has no flags";
    LayeredTree tree{live(), scratch()};
    EXPECT_THAT(lines_of(tree.layer("echo one > d/one")), ElementsAre("created /d/one"));
    EXPECT_THAT(lines_of(tree.layer("chattr +A d")), ElementsAre("metadata /d"));
    EXPECT_THAT(lines_of(tree.layer("lsattr -d d | grep -q A && echo two > d/two")),
                ElementsAre("created /d/two"));
    EXPECT_THAT(lines_of(tree.layer("chattr -A d")), ElementsAre("metadata /d"));
    EXPECT_THAT(lines_of(tree.layer("! lsattr -d d | grep A && echo three > d/three")),
                ElementsAre("created /d/three"));
    EXPECT_THAT(lines_of(tree.layer("chattr +A d")), ElementsAre("metadata /d"));
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    run_bash(live(), "[ $(lsattr -d d | cut -d' ' -f1 | tr -d '\n-') = A ]");
}

TEST_F(Merge, NotesOfAnotherOverlayStay) {
    run_bash(live(), "mkdir d; echo one > d/a");
    sys::check(::setxattr((live() / "d").c_str(), "trusted.overlay.opaque", "y", 1, 0), "set", live() / "d");
    LayeredTree tree{live(), scratch()};
    EXPECT_THAT(lines_of(tree.layer("echo two > d/a; echo x > d/b; chmod 700 d")),
                UnorderedElementsAre("metadata /d", "modified /d/a", "created /d/b"));
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    char value = 0;
    EXPECT_EQ(::getxattr((live() / "d").c_str(), "trusted.overlay.opaque", &value, 1), 1);
}

TEST_F(Merge, BelowAnImmutableDirectoryThereMayBeChanges) {
    run_bash(live(), "mkdir -p a/b; echo one > a/b/c");
    if (::system(fmt::format("chattr +i {}/a", live().string()).c_str()) != 0)
        GTEST_SKIP() << "this kernel's tmpfs has no flags";
    LayeredTree tree{live(), scratch()};
    tree.layer("echo more >> a/b/c");
    EXPECT_THAT(tree.merge().conflicts, IsEmpty());
    run_bash(live(), "chattr -i a; [ $(cat a/b/c | wc -l) = 2 ]");
}

/// Random work on a few names; the same seed does the same everywhere.
void meddle(const fs::path& top, std::mt19937& random) {
    static constexpr const char* names[] = {"a",   "a/b",   "a/b/c", "a/d", "e",
                                            "e/f", "e/f/g", "e/f/h", "i",   "j"};
    const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
    const auto name = [&] { return top / names[pick(std::size(names))]; };
    for (unsigned i = 0; i < 12; ++i) {
        const unsigned what = pick(10), value = pick(4);
        const fs::path x = name(), y = name();
        std::error_code ignored; // what fails, fails the same way in the copy
        switch (what) {
        case 0:
        case 1: {
            const int fd =
                ::open(x.c_str(),
                       O_WRONLY | O_CREAT | (what == 0 ? O_TRUNC : O_APPEND) | O_NOFOLLOW | O_NONBLOCK, 0644);
            if (fd >= 0) {
                if (::write(fd, "0123456789", value + 1) < 0) ::perror("write");
                ::close(fd);
            }
            break;
        }
        case 2: fs::remove_all(x, ignored); break;
        case 3: fs::create_directories(x, ignored); break;
        case 4: fs::remove_all(x, ignored), fs::create_directory(x, ignored); break;
        case 5: fs::remove(x, ignored), fs::create_symlink(std::to_string(value), x, ignored); break;
        case 6:
            if (fs::exists(fs::symlink_status(x)) && !fs::is_symlink(x)) ::chmod(x.c_str(), 0700 + value);
            break;
        case 7: ::lchown(x.c_str(), value, value); break;
        case 8: ::rename(x.c_str(), y.c_str()); break;
        case 9: ::link(x.c_str(), y.c_str()); break;
        }
    }
}

class Random : public Merge, public testing::WithParamInterface<unsigned> {};

TEST_P(Random, WorkGivesWhatDirectWorkGives) {
    for (unsigned round = 0; round < 25; ++round) {
        const unsigned seed = GetParam() * 1000 + round;
        run_bash(place(), "rm -rf live direct scratch && mkdir live scratch");
        std::mt19937 furnishing{seed};
        meddle(live(), furnishing);
        run_bash(place(), "cp -a live direct");
        const Snapshot before = restorable(live());
        LayeredTree tree{live(), scratch()};
        for (unsigned layer = 0; layer < 1 + seed % 4; ++layer) {
            std::mt19937 there{seed * 10 + layer}, here = there;
            meddle(place() / "direct", there);
            tree.layer([&](const fs::path& view) { meddle(view, here); });
        }
        ASSERT_EQ(difference(before, restorable(live())), "") << "seed " << seed << ": before the merge";
        ASSERT_THAT(tree.merge().conflicts, IsEmpty()) << "seed " << seed;
        ASSERT_EQ(difference(contents(place() / "direct"), contents(live())), "") << "seed " << seed;
        if (seed % 3 != 0 || !fs::exists(scratch() / "undo/run")) continue;
        ASSERT_THAT(tree.roll_back("run", "back").conflicts, IsEmpty()) << "seed " << seed;
        ASSERT_EQ(difference(before, restorable(live())), "") << "seed " << seed << ": rolled back";
        ASSERT_THAT(tree.roll_back("back", "forth").conflicts, IsEmpty()) << "seed " << seed;
        ASSERT_EQ(difference(contents(place() / "direct"), contents(live())), "") << "seed " << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Random, testing::Range(0U, 40U));

} // namespace
} // namespace disco::tests
