// The file of a report: nothing that is there already is followed, waited for or written to, and what is not
// whole is removed.

#include "runner/cli/report_file.hpp"
#include "runner/sys/atomic_file.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class ReportFile : public testing::Test {
protected:
    [[nodiscard]] std::string at(const char* name) const { return directory_.path() / name; }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator{directory_.path()})
            found.push_back(entry.path().filename());
        std::sort(found.begin(), found.end());
        return found;
    }
    void write(const std::string& file) {
        require_report_place(file);
        write_report_file(file, 0600, [](const auto& write) {
            write("{");
            write("}\n");
        });
    }
    void expect_replaced(const std::string& file) {
        write(file);
        struct stat status = {};
        ASSERT_EQ(::lstat(file.c_str(), &status), 0);
        EXPECT_TRUE(S_ISREG(status.st_mode));
        EXPECT_EQ(status.st_mode & 07777U, 0600U);
        EXPECT_EQ(status.st_uid, ::geteuid());
        EXPECT_EQ(sys::read_file(file), "{}\n");
    }

private:
    sys::OwnedDirectory directory_{fs::temp_directory_path(), "disco-report-"};
};

TEST_F(ReportFile, IsMade) {
    expect_replaced(at("r"));
    EXPECT_THAT(names(), ElementsAre("r"));
}

TEST_F(ReportFile, ALinkIsNotFollowed) {
    sys::write_file(at("other"), "other\n", 0644);
    fs::create_symlink("other", at("r"));
    expect_replaced(at("r"));
    EXPECT_EQ(sys::read_file(at("other")), "other\n");
    fs::create_symlink("made", at("dangling"));
    expect_replaced(at("dangling"));
    EXPECT_THAT(names(), ElementsAre("dangling", "other", "r"));
}

TEST_F(ReportFile, AFifoIsNotWaitedFor) {
    ASSERT_EQ(::mkfifo(at("r").c_str(), 0666), 0);
    ::alarm(20); // ends a test that waits
    expect_replaced(at("r"));
    ::alarm(0);
}

/// Whoever has opened it before, or has another name for it, does not get to read the report.
TEST_F(ReportFile, AFileOfSomebodyElseIsNotWrittenTo) {
    sys::write_file(at("r"), "other\n", 0666);
    fs::create_hard_link(at("r"), at("name"));
    expect_replaced(at("r"));
    EXPECT_EQ(sys::read_file(at("name")), "other\n");
}

TEST_F(ReportFile, ADescriptorIsWrittenToFromWhereItIs) {
    const sys::UniqueFd file{::open(at("r").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    sys::write_all(file.get(), "before\n", at("r"));
    for (const char* directory : {"/dev/fd/", "/proc/self/fd/"})
        write(directory + std::to_string(file.get()));
    EXPECT_EQ(sys::read_file(at("r")), "before\n{}\n{}\n");
    EXPECT_THROW(require_report_place("/dev/fd/987"), sys::BadConfiguration);
}

TEST_F(ReportFile, StandardOutputAndDevicesStayWhatTheyAre) {
    write("/dev/null");
    struct stat status = {};
    ASSERT_EQ(::lstat("/dev/null", &status), 0);
    EXPECT_TRUE(S_ISCHR(status.st_mode));
    testing::internal::CaptureStdout();
    write("/dev/stdout");
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "{}\n");
    EXPECT_THROW(write("/dev/full"), sys::SysError);
}

TEST_F(ReportFile, WhatCannotBeIsToldBefore) {
    fs::create_directory(at("directory"));
    const auto why = [&](const std::string& file) {
        try {
            require_report_place(file);
        } catch (const sys::BadConfiguration& error) {
            return std::string{error.what()};
        }
        return std::string{"nothing"};
    };
    EXPECT_THAT(why(at("directory")), HasSubstr("it is a directory; name a file"));
    EXPECT_THAT(why(at("none") + "/r"), HasSubstr("No such file or directory"));
    EXPECT_THAT(names(), ElementsAre("directory"));
}

TEST_F(ReportFile, WhatIsNotWholeIsRemoved) {
    sys::write_file(at("r"), "old\n", 0600);
    const auto fail = [](const auto& write) {
        write("{");
        throw sys::Error{"no more"};
    };
    EXPECT_THROW(write_report_file(at("r"), 0600, fail), sys::Error);
    // Where there is no room.
    rlimit limit = {};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit little = {4, limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
    const auto much = [](const auto& write) { write("much more than four bytes"); };
    EXPECT_THROW(write_report_file(at("r"), 0600, much), sys::SysError);
    EXPECT_THROW(sys::write_file_atomically(at("r"), "much more than four bytes", 0600), sys::SysError);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, handler);
    EXPECT_EQ(sys::read_file(at("r")), "old\n");
    EXPECT_THAT(names(), ElementsAre("r"));
}

} // namespace
} // namespace disco::cli
