// Metadata is set in directories that belong to others, who may change them at any time.

#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/throw_away.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include <sys/stat.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

class SetMetadata : public ThrowAwayTest {};

TEST_F(SetMetadata, GivesNoModeToWhatASymlinkMeansThatIsPutThereMeanwhile) {
    const std::filesystem::path victim = place() / "victim", live = place() / "live";
    put(victim, "secret", 0600);
    put(live / "x", "own");
    std::filesystem::create_symlink(victim, live / "y");
    const sys::UniqueFd directory = sys::open_directory(live);
    std::atomic<bool> over = false;
    std::thread owner{[&] {
        while (!over) ::renameat2(directory.get(), "x", directory.get(), "y", RENAME_EXCHANGE);
    }};
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    model::Metadata wanted;
    wanted.mode = 0644;
    struct stat status = {};
    do {
        try {
            merge::set_metadata(directory.get(), "x", wanted, merge::Times::keep);
        } catch (const sys::SysError&) { // it was the symlink
        }
        EXPECT_EQ(::stat(victim.c_str(), &status), 0);
    } while ((status.st_mode & 07777) == 0600 && std::chrono::steady_clock::now() < until);
    over = true;
    owner.join();
    EXPECT_EQ(status.st_mode & 07777, 0600U);
}

} // namespace
} // namespace disco::tests
