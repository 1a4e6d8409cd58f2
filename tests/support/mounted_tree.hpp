#pragma once

#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace disco::tests {

/// Runs a command of the test's own and returns what it prints; throws sys::Error when it fails.
std::string succeed(const std::vector<std::string>& argv);

/// Makes a file system in a sparse file.
void make_image(const std::filesystem::path& image, const std::string& type, unsigned mebibytes,
                const std::vector<std::string>& mkfs_options = {});

/// Whether this kernel has a file system, built in or as a module.
[[nodiscard]] bool kernel_has(const std::string& type);

/// Tests of the program on a live root with mounts in it. File systems on a disk are images in the test's
/// tmpfs, sparse and as small as their mkfs permits, on loop devices that go with their last mount; so
/// nothing is left even of a test that is killed.
class MountedTreeTest : public DanceTest {
protected:
    /// Unmounts everything, the last one first.
    void TearDown() override;

    /// Makes a file system and mounts it; `at` is made where it is missing.
    void mount_image(const std::string& type, unsigned mebibytes, const std::filesystem::path& at,
                     const std::vector<std::string>& mkfs_options = {});
    void mount_tmpfs(const std::filesystem::path& at, const std::string& options = "mode=0755");
    /// A directory, or a single file. `flags`: MS_RDONLY or 0.
    void bind(const std::filesystem::path& what, const std::filesystem::path& at, unsigned long flags = 0);
    void mount_overlay(const std::filesystem::path& lower, const std::filesystem::path& at,
                       const std::string& more_options = "");
    /// Mounts something that overlayfs refuses as a lower layer; gives the type of its file system.
    std::string mount_foreign(const std::filesystem::path& at);
    /// Skips, and says so, where the kernel has no FUSE; bindfs must be there where tests must run.
    static void need_fuse();
    enum class For { all, one_user }; ///< a user other than root
    /// By FUSE, whose server cannot rename with flags (renameat2(2)): the directory `what`. Needs bindfs.
    void mount_fuse(const std::filesystem::path& what, const std::filesystem::path& at, For whom = For::all);
    /// The last ones are unmounted already.
    void forget_mounts(std::size_t count) { mounted_.resize(mounted_.size() - count); }
    /// Moves the minimal root to a file system of its own.
    void put_root_on(const std::string& type, unsigned mebibytes,
                     const std::vector<std::string>& mkfs_options = {});

    /// Runs a bash script in the root, without disco. Throws when it fails.
    std::string native(const std::string& script) const;
    /// Runs one outside. Throws when it fails.
    static std::string outside(const std::string& script);
    /// `disco exec`; `mode`: "--noop" or "--merge".
    [[nodiscard]] sys::ProgramResult exec(const std::string& mode, const std::string& script) const;
    [[nodiscard]] std::vector<std::string> exec_words(const std::string& mode,
                                                      const std::string& script) const;
    [[nodiscard]] sys::ProgramResult command(const std::string& word) const;
    /// "kind path" of every change of the last run.
    [[nodiscard]] std::vector<std::string> changes() const;
    /// Contents of the root without the state directory, should that lie in it.
    [[nodiscard]] Snapshot tree() const;
    [[nodiscard]] Snapshot without_state(Snapshot of_root) const;
    /// Nothing of disco's is in the root, and no journal is open.
    void expect_nothing_left() const;

    [[nodiscard]] std::filesystem::path state() const override {
        return state_here.empty() ? DanceTest::state() : state_here;
    }
    std::filesystem::path state_here; ///< another place for the state directory

private:
    std::vector<std::filesystem::path> mounted_;
    unsigned images_ = 0, overlays_ = 0;
    bool fuse_ = false; ///< a server ends some time after the mount
};

} // namespace disco::tests
