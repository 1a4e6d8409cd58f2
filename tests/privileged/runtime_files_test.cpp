// What scripts made in /run is put in place there; nothing else of it is left, whenever it is killed.

#include "runner/run/runtime_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/moment.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::run {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class RuntimeFilesTest : public tests::ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (!IsSkipped()) make("app");
    }
    void make(const std::string& path) {
        fs::create_directories(kept() / path);
        note(path, model::ObjectType::directory);
    }
    void make(const std::string& path, const std::string& text) {
        tests::put(kept() / path, text);
        note(path, model::ObjectType::file);
    }
    [[nodiscard]] std::string put_in_place() const {
        return files_.put_in_place(kept(), sys::passed_moment(), record());
    }
    /// The program is killed when it writes more than so much to a file.
    void be_killed_at(rlim_t bytes) const {
        const pid_t child = sys::check(::fork(), "fork");
        if (child == 0) {
            const rlimit none = {0, 0}, little = {bytes, bytes};
            ::setrlimit(RLIMIT_CORE, &none);
            ::setrlimit(RLIMIT_FSIZE, &little);
            ::_exit(put_in_place().empty() ? 0 : 1);
        }
        int status = 0;
        sys::check(::waitpid(child, &status, 0), "wait");
        EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ) << status;
    }
    static std::vector<std::string> in_run() {
        std::vector<std::string> paths;
        for (const auto& entry : fs::recursive_directory_iterator{"/run"})
            paths.push_back(entry.path().lexically_relative("/run"));
        std::sort(paths.begin(), paths.end());
        return paths;
    }
    [[nodiscard]] fs::path kept() const { return place() / "kept"; }
    [[nodiscard]] fs::path record() const { return place() / "unplaced"; }

private:
    void note(const std::string& path, model::ObjectType type) {
        model::Change change;
        change.path = "/run/" + path;
        change.after.emplace().type = type;
        model::ModuleReport report;
        files_.note(change, report);
    }
    RuntimeFiles files_;
};

TEST_F(RuntimeFilesTest, ArePutInPlace) {
    make("app/conf", "1\n");
    EXPECT_EQ(put_in_place(), "");
    EXPECT_EQ(sys::read_file("/run/app/conf"), "1\n");
    EXPECT_THAT(in_run(), ElementsAre("app", "app/conf"));
    EXPECT_FALSE(fs::exists(record()));
}

TEST_F(RuntimeFilesTest, WithNamesThatAreAlikeStayApart) {
    const std::string alike(200, 'a');
    make("app/" + alike + "1", "one\n");
    make("app/" + alike + "2", "two\n");
    make("app/.s.disco-new", "its own\n");
    make("app/s", "s\n");
    fs::create_directories("/run/app/.t.disco-new");
    tests::put("/run/app/.t.disco-new/precious", "kept\n");
    make("app/t", "t\n");
    EXPECT_EQ(put_in_place(), "");
    EXPECT_EQ(sys::read_file("/run/app/" + alike + "1"), "one\n");
    EXPECT_EQ(sys::read_file("/run/app/" + alike + "2"), "two\n");
    EXPECT_EQ(sys::read_file("/run/app/.s.disco-new"), "its own\n");
    EXPECT_EQ(sys::read_file("/run/app/s"), "s\n");
    EXPECT_EQ(sys::read_file("/run/app/.t.disco-new/precious"), "kept\n");
    EXPECT_EQ(in_run().size(), 8U) << "and nothing else";
}

TEST_F(RuntimeFilesTest, WhatAKilledRunHasLeftBesideThemIsRemoved) {
    make("app/a\nb", "1\n");
    make("app/large", std::string(100'000, 'x'));
    make("top", "2\n");
    be_killed_at(4096);
    EXPECT_THAT(in_run(), testing::Contains(testing::StartsWith("app/.disco-")));
    tests::put("/run/app/.disco-0-0", "somebody else's\n");
    remove_unplaced(record());
    EXPECT_THAT(in_run(), ElementsAre("app", "app/.disco-0-0"));
    EXPECT_FALSE(fs::exists(record()));
    remove_unplaced(record());
    EXPECT_EQ(put_in_place(), "") << "and the next run does it";
}

TEST_F(RuntimeFilesTest, NothingIsRemovedWhereALinkLeads) {
    make("app/conf", "1\n");
    make("app/large", std::string(100'000, 'x'));
    be_killed_at(4096);
    fs::rename("/run/app", "/run/elsewhere");
    fs::create_directory_symlink("elsewhere", "/run/app");
    remove_unplaced(record());
    EXPECT_THAT(in_run(), testing::Contains(testing::StartsWith("elsewhere/.disco-")));
    EXPECT_FALSE(fs::exists(record()));
}

} // namespace
} // namespace disco::run
