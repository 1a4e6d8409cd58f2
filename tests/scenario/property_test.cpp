// Random scripts of file operations, run natively in one tree and by `disco exec --merge` in an equal one:
// the trees are equal afterwards, and a no-op names exactly what is going to change. Thousands by hand:
//     DISCO_PROPERTY_SEEDS=1000..5000 build/dev/tests/property_test

#include "tests/property/trial.hpp"
#include "tests/support/throw_away.hpp"

#include "runner/overlay/user_attributes.hpp"
#include "runner/sys/error.hpp"

#include <cerrno>
#include <cstdlib>

#include <sys/mount.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

struct Seeds {
    std::uint64_t first, last;
};

/// From the environment, or so many for each kind of place.
Seeds seeds(std::uint64_t usual) {
    const char* text = std::getenv("DISCO_PROPERTY_SEEDS");
    if (text == nullptr) return {1, usual};
    char* end = nullptr;
    const std::uint64_t first = std::strtoull(text, &end, 10);
    if (end[0] != '.' || end[1] != '.') return {first, first};
    return {first, std::strtoull(end + 2, nullptr, 10)};
}

class Property : public ThrowAwayTest {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        for (const char* name : {"memory", "disk"}) fs::create_directory(place() / name);
        sys::check(::mount("disco-test", (place() / "memory").c_str(), "tmpfs", 0, "size=256m"),
                   "mount a tmpfs");
    }
    void TearDown() override {
        if (!IsSkipped()) {
            ::umount2((place() / "memory").c_str(), MNT_DETACH);
            if (on_disk_) ::umount2((place() / "disk").c_str(), MNT_DETACH);
        }
        ThrowAwayTest::TearDown();
    }

    /// An ext4 of its own, in a file.
    void need_disk() {
        const fs::path image = place() / "image", point = place() / "disk";
        const auto made = sys::run_program(
            {.argv = {"sh", "-ec",
                      "truncate -s 300M \"$1\"; mkfs.ext4 -q -b 4096 \"$1\"; mount -o loop \"$1\" \"$2\"",
                      "sh", image, point},
             .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
             .input = {},
             .timeout = std::chrono::minutes{1}});
        on_disk_ = made.succeeded();
        if (on_disk_) return;
        if (must_run()) FAIL() << made.error;
        GTEST_SKIP() << "no ext4 on a loop device: " << made.error;
    }

    void try_all(const property::Grounds& grounds, std::uint64_t usual) {
        const auto [first, last] = seeds(usual);
        for (std::uint64_t seed = first; seed <= last; ++seed) {
            const property::Script script = property::generate_script(seed);
            if (property::objections(script, grounds).empty()) continue;
            const property::Script small = property::minimized(script, grounds);
            ADD_FAILURE() << "seed " << seed << "\n"
                          << property::objections(small, grounds) << property::shown(small);
            if (++failures_ == 5) break;
        }
    }

    [[nodiscard]] fs::path memory() const { return place() / "memory"; }
    [[nodiscard]] fs::path disk() const { return place() / "disk"; }

private:
    bool on_disk_ = false;
    int failures_ = 0;
};

TEST_F(Property, OfOneCommand) { try_all({memory() / "trees", memory() / "state"}, 150); }

TEST_F(Property, OfThreeModules) { try_all({memory() / "trees", memory() / "state", 3}, 100); }

TEST_F(Property, OnADisk) {
    need_disk();
    if (IsSkipped() || HasFatalFailure()) return;
    try_all({disk() / "trees", disk() / "state"}, 50);
}

TEST_F(Property, OfThreeModulesOnADisk) {
    need_disk();
    if (IsSkipped() || HasFatalFailure()) return;
    try_all({disk() / "trees", disk() / "state", 3}, 50);
}

TEST_F(Property, FromMemoryToADisk) {
    need_disk();
    if (IsSkipped() || HasFatalFailure()) return;
    // Before Linux 6.6 such a merge is refused, which LayersInMemory tests.
    if (overlay::lost_user_attributes(memory(), {{.inside = "", .live = disk()}})) return;
    try_all({disk() / "trees", memory() / "state", 0, false}, 50);
}

TEST_F(Property, FromADiskToMemory) {
    need_disk();
    if (IsSkipped() || HasFatalFailure()) return;
    try_all({memory() / "trees", disk() / "state", 0, false}, 50);
}

} // namespace
} // namespace disco::tests
