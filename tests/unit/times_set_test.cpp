// Which later changes of an object are times that disco has set itself.

#include "runner/merge/times_set.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"

#include <filesystem>

#include <gtest/gtest.h>

namespace disco::merge {
namespace {

struct stat object(ino_t inode, time_t changed) {
    struct stat status = {};
    status.st_ino = inode;
    status.st_mode = S_IFREG | 0644;
    status.st_size = 3;
    status.st_ctim = {.tv_sec = changed, .tv_nsec = 5};
    return status;
}
/// Whether times that were set are all that has changed in /f since.
bool accounts_for(const TimesSet& times, const char* path, const struct stat& now, timespec moment) {
    const auto before = times.before(path, now.st_ino, now.st_ctim);
    return before && !sys::later(*before, moment);
}
constexpr timespec at(time_t moment) { return {.tv_sec = moment, .tv_nsec = 7}; }

class Times : public testing::Test {
protected:
    [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "times"; }
    /// Sets the times of /f, as it was left at `before`.
    static void set(TimesSet& times, time_t before, time_t after, ino_t inode = 9) {
        times.note("/f", model::stamp(object(inode, before)), object(inode, after));
    }
    sys::OwnedDirectory directory_{std::filesystem::temp_directory_path(), "times-set-test-"};
};

TEST_F(Times, AccountForWhatWasSetSince) {
    TimesSet times{file()};
    EXPECT_FALSE(accounts_for(times, "/f", object(9, 200), at(100)));
    set(times, 100, 200);
    EXPECT_TRUE(times.any_since(at(150)));
    EXPECT_FALSE(times.any_since(at(200)));
    EXPECT_TRUE(accounts_for(times, "/f", object(9, 200), at(100)));
    EXPECT_FALSE(times.before("/f", 9, object(9, 99).st_ctim)) << "it is not the time that was set";
    EXPECT_FALSE(accounts_for(times, "/f", object(9, 201), at(100))) << "somebody has changed it since";
    EXPECT_FALSE(accounts_for(times, "/f", object(8, 200), at(100))) << "another file is there";
    EXPECT_FALSE(accounts_for(times, "/f", object(9, 200), at(99))) << "it had changed before";
    EXPECT_FALSE(accounts_for(times, "/g", object(9, 200), at(100)));
}

TEST_F(Times, AccountForARowThatNobodyHasBroken) {
    TimesSet times{file()};
    set(times, 100, 200);
    set(times, 200, 300);
    set(times, 300, 400);
    EXPECT_TRUE(accounts_for(times, "/f", object(9, 400), at(100)));
    set(times, 450, 500); // somebody changed it at 450
    EXPECT_FALSE(accounts_for(times, "/f", object(9, 500), at(100)));
    EXPECT_TRUE(accounts_for(times, "/f", object(9, 500), at(450)));
    EXPECT_TRUE(accounts_for(times, "/f", object(9, 400), at(100))) << "should that be undone";
    for (int moment = 600; moment < 1000; moment += 100) set(times, moment, moment + 50);
    EXPECT_TRUE(accounts_for(times, "/f", object(9, 650), at(600)));
    EXPECT_FALSE(times.before("/f", 9, object(9, 500).st_ctim)) << "it does not grow without end";
}

TEST_F(Times, DoNotAccountForMoreThanTimes) {
    for (const auto change :
         {+[](struct stat& status) { status.st_mode = S_IFREG | 0600; },
          +[](struct stat& status) { status.st_uid = 1; }, +[](struct stat& status) { status.st_gid = 1; },
          +[](struct stat& status) { status.st_size = 4; },
          +[](struct stat& status) { status.st_ino = 10; }}) {
        TimesSet times{file()};
        struct stat now = object(9, 200);
        change(now);
        times.note("/f", model::stamp(object(9, 100)), now);
        EXPECT_FALSE(accounts_for(times, "/f", now, at(100)));
    }
}

TEST_F(Times, AreKept) {
    {
        TimesSet times{file()};
        set(times, 100, 200);
        times.note("/\xff\n", model::stamp(object(3, 1)), object(3, 2));
        times.save();
    }
    const TimesSet times{file()};
    EXPECT_TRUE(accounts_for(times, "/f", object(9, 200), at(100)));
    EXPECT_TRUE(accounts_for(times, "/\xff\n", object(3, 2), at(1)));
}

TEST_F(Times, OfADamagedFileAreNone) {
    sys::write_file(file(), "{\"path\":\"/f\"}\n", 0600);
    EXPECT_FALSE(TimesSet{file()}.any_since({}));
}

} // namespace
} // namespace disco::merge
