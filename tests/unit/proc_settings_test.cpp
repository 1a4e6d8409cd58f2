#include "runner/sandbox/proc_settings.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <string>

#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::sandbox {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

TEST(SettingsInProc, AreFilesThatCanBeWrittenAndDirectoriesThatHoldOne) {
    const sys::OwnedDirectory proc{fs::temp_directory_path(), "disco-test-"};
    tests::put(proc.path() / "cpuinfo", "", 0444);
    tests::put(proc.path() / "mtrr", "", 0644);
    tests::put(proc.path() / "new_in_this_kernel/deep/down/knob", "", 0200);
    tests::put(proc.path() / "new_in_this_kernel/deep/state", "", 0444);
    tests::put(proc.path() / "driver/rtc", "", 0444);
    tests::put(proc.path() / "pressure/io", "", 0666);
    fs::create_directory(proc.path() / "empty");
    fs::create_directory_symlink("new_in_this_kernel", proc.path() / "self");
    EXPECT_THAT(settings_in_proc(proc.path()), ElementsAre("/mtrr", "/new_in_this_kernel"));
}

TEST(SettingsInProc, OfThisKernelAreFoundAndItsProcessesAreNone) {
    const auto settings = settings_in_proc();
    EXPECT_THAT(settings, Contains("/sys"));
    EXPECT_THAT(settings, Not(Contains("/" + std::to_string(::getpid()))));
    EXPECT_THAT(settings, Not(Contains("/self")));
}

} // namespace
} // namespace disco::sandbox
