// disco rollback --keep: what somebody else has changed since stays as it is, the rest is undone.

#include "tests/support/build_tree.hpp"
#include "tests/support/mounted_tree.hpp"

#include <algorithm>

#include <sys/mount.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class Keep : public MountedTreeTest {
protected:
    /// As a package with a service does.
    static constexpr const char* install = R"(
        mkdir -p /etc/d /usr/lib/d /var/lib/d/sub; echo program > /usr/lib/d/d; echo conf > /etc/d/d.conf
        echo seed > /var/lib/d/db; echo seed > /var/lib/d/sub/part; ln -s db /var/lib/d/link
        mkdir -p -m 750 /var/log/d; echo start > /var/log/d/log; chown -R 33:33 /var/lib/d /var/log/d
        echo changed > /etc/motd; rm /etc/old; chmod 700 /srv)";
    /// What its service does then.
    static constexpr const char* work = R"(
        echo row >> /var/lib/d/db; echo more > /var/lib/d/sub/other; mkdir /var/lib/d/made; echo x > /var/lib/d/made/x
        echo line >> /var/log/d/log)";

    void SetUp() override {
        MountedTreeTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        put(root() / "etc/old", "old\n");
        native("mkdir -p /var/lib /var/log /usr/lib");
        before = contents(root());
    }
    [[nodiscard]] std::string merged(const std::string& script) const {
        const auto result = exec("--merge", "set -e\n" + script);
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        return last_run();
    }
    [[nodiscard]] std::string last_run() const { return last_report().at("run").at("id"); }
    [[nodiscard]] sys::ProgramResult roll_back(std::vector<std::string> words) const {
        words.insert(words.begin(), "rollback");
        words.insert(words.end(), {"--state-dir", state()});
        return disco(words);
    }
    /// What is below these directories, and they themselves, to the last ctime.
    [[nodiscard]] Snapshot parts(const std::vector<std::string>& directories) const {
        Snapshot all = root_snapshot();
        std::erase_if(all, [&](const auto& one) {
            return std::none_of(directories.begin(), directories.end(), [&](const std::string& directory) {
                return one.first == directory || one.first.starts_with(directory + "/");
            });
        });
        return all;
    }
    /// The tree without some, against what was there before.
    [[nodiscard]] std::string rest_differs(const std::vector<std::string>& but) const {
        Snapshot now = contents(root());
        std::erase_if(now, [&](const auto& one) {
            return std::any_of(but.begin(), but.end(), [&](const std::string& directory) {
                return one.first == directory || one.first.starts_with(directory + "/");
            });
        });
        return difference(before, now);
    }
    /// The command that a conflict names, run as it is.
    [[nodiscard]] sys::ProgramResult run_remedy(const std::string& output) const {
        const std::size_t begin = output.find("\n  disco rollback ");
        EXPECT_NE(begin, std::string::npos) << output;
        if (begin == std::string::npos) return {};
        const std::string line = output.substr(begin, output.find('\n', begin + 1) - begin);
        return sys::run_program({.argv = {"/bin/bash", "-c", line},
                                 .environment = {"PATH=" + disco_binary().parent_path().string() +
                                                 ":/usr/sbin:/usr/bin:/sbin:/bin"},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    }
    [[nodiscard]] std::vector<std::string> kept() const {
        return last_report().at("merge").at("kept").get<std::vector<std::string>>();
    }

    Snapshot before;
};

TEST_F(Keep, AConflictNamesTheRemedyAndItWorks) {
    const std::string run = merged(install);
    native(work);
    const Snapshot own = parts({"/var/lib/d", "/var/log/d"}), all = root_snapshot();
    const auto refused = roll_back({});
    EXPECT_EQ(refused.exit, 8) << refused.output << refused.error;
    EXPECT_EQ(difference(all, root_snapshot()), "");
    EXPECT_THAT(refused.output,
                AllOf(HasSubstr("conflict: /var/lib/d/db: "), HasSubstr("conflict: /var/log/d/log: "),
                      HasSubstr("conflict: /var/lib/d/sub/other: ")));
    EXPECT_THAT(refused.output, HasSubstr(fmt::format("  disco rollback {} --keep '/var/lib/d/**' --keep "
                                                      "'/var/log/d/**' --state-dir {}\n",
                                                      run, state().string())));
    EXPECT_THAT(last_report().at("run").at("failure"), HasSubstr("--keep '/var/lib/d/**'"));

    const auto result = run_remedy(refused.output);
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(difference(own, parts({"/var/lib/d", "/var/log/d"})), "");
    EXPECT_EQ(rest_differs({"/var/lib/d", "/var/log/d"}), "");
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("= kept as it is: /var/lib/d\n"), HasSubstr("= kept as it is: /var/log/d\n"),
                      HasSubstr("changes merged, 2 kept")));
    EXPECT_THAT(kept(), ElementsAre("/var/lib/d", "/var/log/d"));
    EXPECT_THAT(changes(), UnorderedElementsAre("created /etc/old", "deleted /etc/d", "deleted /etc/d/d.conf",
                                                "deleted /usr/lib/d", "deleted /usr/lib/d/d", "metadata /srv",
                                                "modified /etc/motd"));
    const auto stored = disco({"report", "--json", "-", "--state-dir", state()});
    EXPECT_THAT(stored.output, HasSubstr("\"kept\":[\"/var/lib/d\",\n\"/var/log/d\"]"));
    EXPECT_THAT(roll_back({run}).error, HasSubstr("has been rolled back already"));
    expect_nothing_left();
}

TEST_F(Keep, CanBeUndoneAndDoneAgain) {
    (void)merged(install);
    native(work);
    const Snapshot installed = contents(root());
    const std::vector<std::string> keep = {"--keep", "/var/lib/d/sub/**", "--keep", "/var/log"};
    ASSERT_EQ(roll_back({}).exit, 8);
    auto result = roll_back(keep);
    EXPECT_EQ(result.exit, 8) << "the data base has changed" << result.output;
    native("echo seed > /var/lib/d/db; chown 33:33 /var/lib/d/db; rm -r /var/lib/d/made");
    result = roll_back({"--keep", "/var/lib/d/{sub,db}"});
    EXPECT_EQ(result.exit, 64) << result.output;
    result = roll_back({"--keep", "/var/lib/d/**", "--keep", "/var/log"});
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    ASSERT_EQ(roll_back({}).exit, 0);
    EXPECT_EQ(read("etc/motd"), "changed\n");
    EXPECT_EQ(read("var/log/d/log"), "start\nline\n");
    EXPECT_EQ(read("usr/lib/d/d"), "program\n");
    result = roll_back({});
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(rest_differs({"/var/lib/d", "/var/log/d"}), "");
}

TEST_F(Keep, APartOfADirectoryKeepsTheDirectoriesAboveIt) {
    (void)merged(install);
    native("echo more > /var/lib/d/sub/other");
    const Snapshot own = parts({"/var/lib/d/sub/other"});
    const auto shown = roll_back({"--noop", "--keep", "/var/lib/d/sub/o*"});
    EXPECT_EQ(shown.exit, 0) << shown.output << shown.error;
    EXPECT_THAT(shown.output, AllOf(HasSubstr("= kept as it is: /var/lib/d/sub/other\n"),
                                    HasSubstr("pending, nothing was merged, 1 kept")));
    EXPECT_EQ(read("var/lib/d/db"), "seed\n");
    const auto result = roll_back({"--keep", "/var/lib/d/sub/o*"});
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(difference(own, parts({"/var/lib/d/sub/other"})), "");
    EXPECT_EQ(native("cd /var/lib/d; stat -c '%u:%g %a' . sub; ls -A . sub"),
              "33:33 755\n33:33 755\n.:\nsub\n\nsub:\nother\n");
    EXPECT_EQ(rest_differs({"/var/lib/d"}), "");
    EXPECT_THAT(changes(),
                AllOf(Contains("deleted /var/lib/d/db"), Contains("deleted /var/lib/d/sub/part"),
                      Not(Contains("deleted /var/lib/d")), Not(Contains("deleted /var/lib/d/sub"))));
    ASSERT_EQ(roll_back({}).exit, 0); // of the rollback
    EXPECT_EQ(read("var/lib/d/sub/part"), "seed\n");
    EXPECT_EQ(read("var/lib/d/sub/other"), "more\n");
    EXPECT_EQ(roll_back({}).exit, 0);
    EXPECT_EQ(rest_differs({"/var/lib/d"}), "");
}

/// Nothing is guessed of a GLOB that cannot be meant.
TEST_F(Keep, GlobsThatCannotBeMeantAreToldBeforeAnythingIsDone) {
    (void)merged(install);
    native("mkdir /var/lib/other; echo x > /var/lib/other/x");
    const Snapshot all = root_snapshot();
    const std::string last = last_run();
    struct Row {
        std::vector<std::string> globs;
        const char* told;
    };
    for (const Row& row :
         {Row{{"/var/lib/D/**"}, "--keep '/var/lib/D/**' matches nothing that run "},
          Row{{"/var/lib/d/**", "/var/lib/other/x"}, "--keep /var/lib/other/x matches nothing"},
          Row{{"*.conf"}, "a GLOB is a path from the root of the tree"},
          Row{{"/**"}, "nothing left to roll back"}, Row{{""}, "--keep"}}) {
        for (const bool noop : {true, false}) {
            std::vector<std::string> words;
            if (noop) words.emplace_back("--noop");
            for (const std::string& glob : row.globs) words.insert(words.end(), {"--keep", glob});
            const auto result = roll_back(words);
            EXPECT_EQ(result.exit, 64) << row.told << result.output << result.error;
            EXPECT_THAT(result.error, HasSubstr(row.told));
        }
    }
    EXPECT_EQ(difference(all, root_snapshot()), "");
    EXPECT_EQ(last_run(), last) << "no run of it is recorded";
    EXPECT_EQ(roll_back({"--keep", "[e]tc/[d]"}).exit, 0);
    EXPECT_EQ(read("etc/d/d.conf"), "conf\n");
}

TEST_F(Keep, WhatWasReplacedOrRemovedStaysSo) {
    put(root() / "etc/whole", "old\n");
    before = contents(root());
    (void)merged(
        "rm /etc/whole; mkdir /etc/whole; echo new > /etc/whole/y; rm /etc/old; echo changed > /etc/motd; "
        "echo x > /etc/new");
    native("echo theirs > /etc/old; echo theirs > /etc/whole/z; echo theirs > /etc/motd");
    const auto part = roll_back({"--keep", "/etc/whole/z"});
    EXPECT_EQ(part.exit, 64) << part.output;
    EXPECT_THAT(part.error, HasSubstr("replaced or removed '/etc/whole' as a whole"));
    const auto refused = roll_back({});
    EXPECT_EQ(refused.exit, 8);
    EXPECT_THAT(refused.output, AllOf(HasSubstr("--keep '/etc/whole/**'"), HasSubstr("--keep /etc/old"),
                                      HasSubstr("--keep /etc/motd")));
    const auto result = run_remedy(refused.output);
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_FALSE(fs::exists(root() / "etc/new"));
    EXPECT_EQ(native("cat /etc/old /etc/motd; ls /etc/whole"), "theirs\ntheirs\ny\nz\n");
    EXPECT_THAT(kept(), ElementsAre("/etc/motd", "/etc/old", "/etc/whole"));
    EXPECT_THAT(changes(), ElementsAre("deleted /etc/new"));
}

/// Whoever gets the number next would own what is kept.
TEST_F(Keep, OwnersThatAreGoneAreTold) {
    (void)merged("echo d:x:77:78::/:/bin/sh >> /etc/passwd; echo d:x:78: >> /etc/group; mkdir /srv/d; echo x "
                 "> /srv/d/x; "
                 "chown -R 77:78 /srv/d");
    const auto noop = roll_back({"--noop", "--keep", "/srv/d"});
    EXPECT_THAT(noop.output, Not(HasSubstr("nobody has that number")));
    const auto result = roll_back({"--keep", "/srv/d"});
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("what is kept belongs to user 77, and nobody has that number now"),
                      HasSubstr("what is kept belongs to group 78, and nobody")));
    const nlohmann::json notices = last_report().at("modules").at(0).at("notices");
    ASSERT_EQ(notices.size(), 2U);
    EXPECT_EQ(notices.at(0).at("kind"), "kept");
}

TEST_F(Keep, AllThatChangedIsNoCommandToBeRun) {
    (void)merged("mkdir /srv/d; echo x > /srv/d/x");
    native("echo y > /srv/d/y");
    const auto refused = roll_back({});
    EXPECT_EQ(refused.exit, 8);
    EXPECT_THAT(refused.output, AllOf(HasSubstr("take from there by hand"), Not(HasSubstr("--keep"))));
}

TEST_F(Keep, TheRemedyIsWhatAShellReads) {
    (void)merged(install);
    native(R"(for name in 'a b' "it's" '*' '[x]' $'new\nline' $'\xff' '-n' '$(reboot)'; do
                  mkdir "/srv/$name"; done)");
    const std::string run =
        merged(R"(for name in /srv/*; do echo x > "$name/made"; mkdir "$name/dir"; done; touch /etc/new)");
    native(R"(for name in /srv/*; do echo y >> "$name/made"; echo y > "$name/dir/new"; done)");
    auto refused = roll_back({run});
    ASSERT_EQ(refused.exit, 8);
    EXPECT_THAT(refused.output, HasSubstr("and --keep for 8 more of the paths above"));
    // As many of them as are named are kept, and the next one names the rest.
    for (int more = 0; more < 5 && refused.exit == 8; ++more) refused = run_remedy(refused.output);
    EXPECT_EQ(refused.exit, 0) << refused.output << refused.error;
    EXPECT_EQ(native("cat /srv/*/dir/new /srv/*/made | sort -u; ls /etc/new 2>&1 || true"),
              "x\ny\nls: cannot access '/etc/new': No such file or directory\n");
    EXPECT_EQ(kept().size(), 16U);
}

TEST_F(Keep, ManyConflictsAreCutShort) {
    (void)merged("for i in {1..60}; do echo x > /etc/$i; done; touch /srv/new");
    native("for i in {1..60}; do echo y > /etc/$i; done");
    const auto refused = roll_back({});
    EXPECT_EQ(refused.exit, 8);
    EXPECT_EQ(last_report().at("merge").at("conflicts").size(), 60U);
    EXPECT_THAT(refused.output, HasSubstr("… and 30 more (--verbose and the JSON report show all)\n"));
    EXPECT_THAT(refused.output, HasSubstr("and --keep for 52 more of the paths above, or a GLOB"));
    EXPECT_LT(std::count(refused.output.begin(), refused.output.end(), '\n'), 110);
    const auto result = roll_back({"--keep", "/etc/*"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(read("etc/60"), "y\n");
    EXPECT_FALSE(fs::exists(root() / "srv/new"));
}

/// What a mount holds is kept as a whole, and nothing else is lost with it.
TEST_F(Keep, AllOfAnotherFileSystem) {
    mount_image("ext4", 16, root() / "srv");
    put(root() / "srv/data", "old\n");
    before = contents(root());
    (void)merged(
        "echo new > /etc/motd; echo new > /srv/data; mkdir -p /srv/made/sub; echo x > /srv/made/sub/x");
    native("echo theirs >> /srv/data");
    const Snapshot own = parts({"/srv"});
    const auto refused = roll_back({});
    ASSERT_EQ(refused.exit, 8);
    auto result = roll_back({"--keep", "/srv/**"});
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(difference(own, parts({"/srv"})), "");
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
    expect_nothing_left();
    ASSERT_EQ(roll_back({}).exit, 0);
    EXPECT_EQ(read("etc/motd"), "new\n");
    EXPECT_EQ(difference(own, parts({"/srv"})), "");
    ASSERT_EQ(roll_back({}).exit, 0);
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
    result = roll_back({});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    expect_nothing_left();
}

TEST_F(Keep, APartOfADirectoryOnAnotherFileSystem) {
    mount_image("ext4", 16, root() / "srv");
    put(root() / "srv/data", "old\n");
    before = contents(root());
    (void)merged(
        "echo new > /srv/data; mkdir -p /srv/made/sub; echo x > /srv/made/x; echo x > /srv/made/sub/x");
    native("echo theirs > /srv/made/sub/y");
    const auto result = roll_back({"--keep", "/srv/made/sub/y"});
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(rest_differs({"/srv/made"}), "");
    EXPECT_EQ(native("find /srv/made -type f"), "/srv/made/sub/y\n");
    expect_nothing_left();
    ASSERT_EQ(roll_back({}).exit, 0);
    EXPECT_EQ(native("find /srv/made -type f | sort"), "/srv/made/sub/x\n/srv/made/sub/y\n/srv/made/x\n");
}

/// Something mounted below a directory that the run made stands in the way of removing it.
TEST_F(Keep, AMountInTheWay) {
    (void)merged(install);
    mount_tmpfs(root() / "var/lib/d/sub");
    const auto refused = roll_back({});
    ASSERT_EQ(refused.exit, 8) << refused.output;
    EXPECT_THAT(refused.output, HasSubstr("--keep '/var/lib/d/**'"));
    const auto result = roll_back({"--keep", "/var/lib/d/sub"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(native("ls /var/lib/d"), "sub\n");
}

/// A run that has been rolled back with something kept, and an earlier one of the same files.
TEST_F(Keep, AnEarlierRunCanStillBeRolledBack) {
    const std::string first = merged("echo first > /etc/motd; mkdir /srv/d; echo first > /srv/d/x");
    (void)merged("echo second > /etc/motd; echo second > /srv/d/x; echo second > /srv/d/y");
    native("echo theirs > /srv/d/y");
    ASSERT_EQ(roll_back({"--keep", "/srv/d/y"}).exit, 0);
    EXPECT_EQ(read("srv/d/x"), "first\n");
    const auto refused = roll_back({first});
    EXPECT_EQ(refused.exit, 8) << refused.output;
    const auto result = roll_back({first, "--keep", "/srv/d/y"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(rest_differs({"/srv/d"}), "");
    EXPECT_EQ(native("ls /srv/d; cat /srv/d/y"), "y\ntheirs\n");
}

} // namespace
} // namespace disco::tests
