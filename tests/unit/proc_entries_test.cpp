#include "runner/sandbox/proc_entries.hpp"
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

TEST(EntriesInProc, AreAllButLinks) {
    const sys::OwnedDirectory proc{fs::temp_directory_path(), "disco-test-"};
    tests::put(proc.path() / "cpuinfo", "", 0444);
    tests::put(proc.path() / "mtrr", "", 0644);
    tests::put(proc.path() / "new_in_this_kernel/deep/down/knob", "", 0200);
    fs::create_directory_symlink("new_in_this_kernel", proc.path() / "self");
    EXPECT_THAT(entries_in_proc(proc.path()), ElementsAre("/cpuinfo", "/mtrr", "/new_in_this_kernel"));
}

TEST(EntriesInProc, OfThisKernelAreFoundAndItsProcessesAreNone) {
    const auto entries = entries_in_proc();
    EXPECT_THAT(entries, Contains("/sys"));
    EXPECT_THAT(entries, Contains("/pagetypeinfo"));
    EXPECT_THAT(entries, Not(Contains("/" + std::to_string(::getpid()))));
    EXPECT_THAT(entries, Not(Contains("/self")));
}

} // namespace
} // namespace disco::sandbox
