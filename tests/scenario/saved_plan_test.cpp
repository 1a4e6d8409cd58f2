// disco-run --noop --save and disco apply.

#include "tests/support/throw_away.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class SavedPlan : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        put(root() / "usr/bin/systemctl", "#!/bin/bash\necho \"systemctl $*\" >> /srv/asked\n", 0755);
        module_file("a", "files/etc/motd", "Managed.\n");
        script("a", "10-random.sh",
               "#!/bin/bash\nhead -c 16 /dev/urandom | od -An -tx1 > /etc/random\nrm -f /etc/old\nsystemctl "
               "restart it\n");
        module_file("b", "requires", "a\n");
        script("b", "10-more.sh",
               "#!/bin/bash\necho more >> /etc/motd\nmkdir -p /srv/d/e && cp /etc/random /srv/d/e/\n");
        put(root() / "etc/old", "old\n");
        want("b");
    }
    [[nodiscard]] std::string plan() const { return place() / "plan"; }
    [[nodiscard]] sys::ProgramResult apply(std::vector<std::string> more = {}) const {
        std::vector<std::string> words = {"apply", plan(), "--state-dir", state()};
        words.insert(words.end(), more.begin(), more.end());
        return disco(words);
    }
};

TEST_F(SavedPlan, MergesTheReviewedBytes) {
    for (const bool elsewhere : {false, true}) {
        if (elsewhere) {
            fs::create_directory(place() / "plans");
            ASSERT_EQ(::mount("disco-test", (place() / "plans").c_str(), "tmpfs", 0, ""), 0);
        }
        const std::string place_of_plan = elsewhere ? (place() / "plans/plan").string() : plan();
        const Snapshot before = root_snapshot();
        const auto saved = noop({"--save", place_of_plan});
        ASSERT_EQ(saved.exit, 0) << saved.output << saved.error;
        EXPECT_EQ(difference(before, root_snapshot()), "");
        const std::string reviewed = last_report().at("fingerprint");
        std::string random;
        const auto module = module_of(last_report(), "a");
        for (const auto& change : module.at("changes"))
            if (change.at("path") == "/etc/random") random = change.at("after").at("sha256");
        EXPECT_EQ(disco({"apply", place_of_plan, "--noop", "--state-dir", state()}).exit, 0);
        EXPECT_EQ(difference(before, root_snapshot()), "");

        const auto result = disco({"apply", place_of_plan, "--state-dir", state(), "--detailed-exitcode"});
        EXPECT_EQ(result.exit, 2) << result.output << result.error;
        EXPECT_THAT(result.output, HasSubstr("done: systemctl restart it"));
        EXPECT_THAT(result.output, Not(HasSubstr("would execute")));
        EXPECT_EQ(last_report().at("run").at("node"), node);
        EXPECT_EQ(last_report().at("fingerprint"), reviewed);
        EXPECT_EQ(read("etc/motd"), "Managed.\nmore\n");
        EXPECT_EQ(read("etc/random"), read("srv/d/e/random"));
        EXPECT_THAT(snapshot(root()).at("/etc/random"), HasSubstr("sha256 " + random));
        EXPECT_EQ(read("srv/asked"), "systemctl restart it\n");
        EXPECT_FALSE(fs::exists(root() / "etc/old"));

        const auto again = disco({"apply", place_of_plan, "--state-dir", state()});
        EXPECT_EQ(again.exit, 8) << again.output << again.error;
        EXPECT_THAT(again.output, HasSubstr("since the plan was made"));
        EXPECT_EQ(disco({"rollback", "--state-dir", state()}).exit, 0);
        fs::remove(root() / "srv/asked");
        if (elsewhere) {
            EXPECT_EQ(::umount2((place() / "plans").c_str(), MNT_DETACH), 0);
        }
    }
}

TEST_F(SavedPlan, AStaleOneIsRefused) {
    ASSERT_EQ(noop({"--save", plan()}).exit, 0);
    put(root() / "etc/motd", "By hand.\n");
    const Snapshot before = root_snapshot();
    for (const char* mode : {"--noop", "--quiet"}) {
        const auto result = apply({mode});
        EXPECT_EQ(result.exit, 8) << result.output << result.error;
        EXPECT_THAT(result.output, HasSubstr("conflict: /etc/motd"));
        EXPECT_EQ(difference(before, root_snapshot()), "");
    }
}

TEST_F(SavedPlan, OfOthersIsNotUsed) {
    ASSERT_EQ(noop({"--save", plan()}).exit, 0);
    ASSERT_EQ(::chmod(plan().c_str(), 0777), 0);
    EXPECT_EQ(apply().exit, 78);
    ASSERT_EQ(::chmod(plan().c_str(), 0700), 0);
    ASSERT_EQ(::chown(plan().c_str(), 33, 33), 0);
    EXPECT_THAT(apply().error, HasSubstr("must belong to root"));
    ASSERT_EQ(::chown(plan().c_str(), 0, 0), 0);
    ASSERT_EQ(::chown((plan() + "/report.json").c_str(), 33, 33), 0); // it has the commands that are run
    EXPECT_EQ(apply().exit, 78);
    EXPECT_THAT(apply().error, HasSubstr("report.json' must belong to root"));
}

// It only adds, so no object that it finds could tell.
TEST_F(SavedPlan, OfAnotherTreeIsRefused) {
    script("c", "10-add.sh", "#!/bin/bash\ntouch /etc/added\n");
    ASSERT_EQ(noop({"--save", plan(), "--module", "c"}).exit, 0);
    fs::rename(root(), place() / "first");
    fs::create_directory(root());
    for (const auto& entry : fs::directory_iterator{place() / "first"})
        fs::rename(entry.path(), root() / entry.path().filename());
    const auto result = apply();
    EXPECT_EQ(result.exit, 78) << result.output;
    EXPECT_THAT(result.error, HasSubstr("for another tree than '" + root().string()));
    EXPECT_FALSE(fs::exists(root() / "etc/added"));
}

TEST_F(SavedPlan, WhatIsNoneIsSaid) {
    EXPECT_EQ(apply().exit, 78);
    fs::create_directory(plan());
    EXPECT_THAT(apply().error, HasSubstr("is no saved plan"));
    EXPECT_THAT(noop({"--save", plan()}).error, HasSubstr("File exists"));
    EXPECT_EQ(noop({"--save", plan()}).exit, 78);
    EXPECT_EQ(live({"--save", plan()}).exit, 64);
}

TEST_F(SavedPlan, IsNotMadeOfARunThatFailed) {
    script("b", "20-fail.sh", "#!/bin/bash\nexit 3\n");
    EXPECT_EQ(noop({"--save", plan()}).exit, 4);
    EXPECT_FALSE(fs::exists(plan()));
}

/// A package manager at work, as far as its lock goes.
class PackageManager {
public:
    explicit PackageManager(const fs::path& file) {
        int ready[2];
        EXPECT_EQ(::pipe(ready), 0);
        child_ = ::fork();
        if (child_ == 0) {
            const int fd = ::open(file.c_str(), O_RDWR);
            struct flock lock = {};
            lock.l_type = F_WRLCK;
            lock.l_whence = SEEK_SET;
            const char done = ::fcntl(fd, F_SETLK, &lock) == 0 ? 'y' : 'n';
            if (::write(ready[1], &done, 1) != 1) ::_exit(1);
            ::pause();
            ::_exit(0);
        }
        char done = 0;
        EXPECT_EQ(::read(ready[0], &done, 1), 1);
        EXPECT_EQ(done, 'y');
        ::close(ready[0]);
        ::close(ready[1]);
    }
    PackageManager(const PackageManager&) = delete;
    PackageManager& operator=(const PackageManager&) = delete;
    ~PackageManager() { end(); }
    void end() {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        child_ = 0;
    }
    [[nodiscard]] pid_t pid() const { return child_; }

private:
    pid_t child_ = 0;
};

TEST_F(SavedPlan, APackageManagerAtWorkIsWaitedFor) {
    const fs::path file = root() / "var/lib/dpkg/lock-frontend";
    put(file, "", 0640);
    PackageManager apt{file};
    const auto result = live();
    EXPECT_EQ(result.exit, 75) << result.output;
    EXPECT_THAT(result.output + result.error, HasSubstr(fmt::format("process {}", apt.pid())));
    EXPECT_THAT(result.output + result.error, HasSubstr("var/lib/dpkg/lock-frontend"));
    EXPECT_EQ(read("etc/motd"), "Welcome.\n");
    EXPECT_EQ(noop().exit, 0) << "a no-op disturbs nobody";
    const pid_t waiting = start(dance_words({"--wait", "30"}));
    ::usleep(500'000);
    apt.end();
    EXPECT_EQ(exit_of(waiting), 0) << log();
    EXPECT_EQ(read("etc/motd"), "Managed.\nmore\n");
}

TEST_F(SavedPlan, APackageManagerAtWorkHoldsUpARollback) {
    const fs::path file = root() / "var/lib/dpkg/lock-frontend";
    put(file, "", 0640);
    ASSERT_EQ(live().exit, 0);
    PackageManager apt{file};
    EXPECT_EQ(disco({"rollback", "--noop", "--state-dir", state()}).exit, 0);
    const auto result = disco({"rollback", "--state-dir", state()});
    EXPECT_EQ(result.exit, 75) << result.output << result.error;
    EXPECT_THAT(result.error, HasSubstr(fmt::format("process {}", apt.pid())));
    EXPECT_EQ(read("etc/motd"), "Managed.\nmore\n");
    apt.end();
    EXPECT_EQ(disco({"rollback", "--state-dir", state()}).exit, 0);
}

TEST_F(SavedPlan, APackageManagerWaitsForTheDance) {
    const fs::path file = root() / "var/lib/dpkg/lock-frontend";
    put(file, "", 0640);
    script("b", "20-sleep.sh", "#!/bin/bash\necho sleeping; sleep 2\n");
    const pid_t dance = start(dance_words({}));
    ASSERT_TRUE(wait_for_script()) << log();
    const int fd = ::open(file.c_str(), O_RDWR);
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    EXPECT_EQ(::fcntl(fd, F_SETLK, &lock), -1);
    EXPECT_EQ(exit_of(dance), 0) << log();
    EXPECT_EQ(::fcntl(fd, F_SETLK, &lock), 0);
    ::close(fd);
}

} // namespace
} // namespace disco::tests
