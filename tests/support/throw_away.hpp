#pragma once

#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"
#include "tests/support/daemon_process.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace disco::tests {

/// A tree as it is: path → everything lstat(2) tells but the access time, extended attributes, link target
/// and the SHA-256 of the content. Two equal snapshots: nobody changed anything, not even there and back
/// (ctime).
using Snapshot = std::map<std::string, std::string>;
[[nodiscard]] Snapshot snapshot(const std::filesystem::path& tree);
/// The same without inode, link count, times and sizes of what is no file: equal for a copy of the tree.
[[nodiscard]] Snapshot contents(const std::filesystem::path& tree);
/// All but ctime, which undoing a merge cannot restore.
[[nodiscard]] Snapshot restorable(const std::filesystem::path& tree);
/// What differs, one line each; empty when nothing does.
[[nodiscard]] std::string difference(const Snapshot& before, const Snapshot& after);

/// Makes `root` a small but real root tree: bash, coreutils and their libraries copied from this machine,
/// with a merged /usr and a few users.
void make_minimal_root(const std::filesystem::path& root);

/// Writes a file with the directories above it.
void put(const std::filesystem::path& path, std::string_view bytes, mode_t mode = 0644);

/// Base of the tests that need root. Each runs in a mount namespace of its own, in which a fresh tmpfs holds
/// everything, and /run is another. Afterwards it proves that no process and no mount is left: the test is
/// the reaper of all that it starts, so whatever outlives the run becomes its child, and a namespace lives
/// only as long as a process, a mount or a descriptor holds it.
class ThrowAwayTest : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    /// Whether a test fails where it could skip.
    [[nodiscard]] static bool must_run();

    /// Skips, or fails where it may not skip, when one of these files is not there. For SetUp.
    static void need(const std::vector<std::filesystem::path>& files);

    /// The tmpfs.
    [[nodiscard]] const std::filesystem::path& place() const { return directory_.path(); }

    /// Waits up to ten seconds for what has been left to init. Only for a run in which ssh fails, as rsync
    /// then ends its ssh with a signal and does not wait for it, and for servers of the test's own.
    static void wait_for_orphans();

private:
    sys::OwnedDirectory directory_;
    std::vector<std::string> mounts_;
};

/// With a universe, a minimal root and a state directory, for tests of the program as a whole.
class DanceTest : public ThrowAwayTest {
protected:
    void SetUp() override;
    /// Also: nothing is left in the scratch directory.
    void TearDown() override;

    /// Fills root(): a minimal root, unless a suite needs more.
    virtual void make_root() { make_minimal_root(root()); }

    [[nodiscard]] std::filesystem::path root() const { return place() / "root"; }
    [[nodiscard]] virtual std::filesystem::path state() const { return place() / "state"; }
    [[nodiscard]] std::filesystem::path universe() const { return place() / "universe"; }

    /// A file of module `module`, e.g. "files/etc/x".
    void module_file(const std::string& module, const std::string& path, std::string_view bytes,
                     mode_t mode = 0644);
    void script(const std::string& module, const std::string& name, std::string_view text);
    /// Node `web1` wants the module.
    void want(const std::string& module);
    void parameter(const std::string& node, const std::string& key, std::string_view value);

    /// Runs the program under test to its end: "dance" gets server, node, root and state directory.
    [[nodiscard]] sys::ProgramResult disco(std::vector<std::string> words) const;
    [[nodiscard]] sys::ProgramResult noop(std::vector<std::string> more = {}) const;
    [[nodiscard]] sys::ProgramResult live(std::vector<std::string> more = {}) const;
    /// The words of such a dance, to be started by the test itself; argv[0] is the program.
    [[nodiscard]] std::vector<std::string> dance_words(std::vector<std::string> more) const;
    /// Starts a program and goes on; what it prints is in `log()`.
    [[nodiscard]] pid_t start(const std::vector<std::string>& words) const;
    [[nodiscard]] std::string log() const { return sys::read_file_if_exists(place() / "log").value_or(""); }
    /// Waits up to ten seconds for a started program's script to print "sleeping".
    [[nodiscard]] bool wait_for_script() const;
    /// Waits for a program that was started: its exit code, or 1000 + the signal that ended it.
    [[nodiscard]] static int exit_of(pid_t child);
    /// The report of the last run.
    [[nodiscard]] nlohmann::json last_report() const;
    [[nodiscard]] Snapshot root_snapshot() const { return snapshot(root()); }
    [[nodiscard]] std::string read(const std::string& path_in_root) const {
        return sys::read_file(root() / path_in_root);
    }

    std::string server; ///< URI; the universe's directory until a test says otherwise
    std::string node = "web1";
    std::string search_path = "/usr/sbin:/usr/bin:/sbin:/bin"; ///< PATH of the program, where `disco` runs it
};

/// The module of that name in a report; throws when there is none.
[[nodiscard]] nlohmann::json module_of(const nlohmann::json& report, const std::string& name);
/// "kind path" of every change of a module, in the report's order.
[[nodiscard]] std::vector<std::string> changes_of(const nlohmann::json& report, const std::string& name);

} // namespace disco::tests
