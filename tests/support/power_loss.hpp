#pragma once

#include "tests/support/faults.hpp"
#include "tests/support/lossy_disk.hpp"
#include "tests/support/mounted_tree.hpp"

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace disco::tests {

/// What reaches the disk after the last call of a program that is killed, before the power is lost. All but
/// `nothing` are what file systems may do at any moment by themselves.
///
/// Together with the calls at which it is killed this covers what a disk may hold: metadata get there in
/// their order (a prefix of them: all of an earlier call), data whenever they like, and what the program has
/// synced always.
enum class Reaches { nothing, metadata, metadata_of_root, metadata_of_state, some_files };

/// Where a test's live root and state directory are.
struct Disks {
    const char* type = nullptr; ///< of the file systems
    bool state_elsewhere = false;
};
/// For gtest.
void PrintTo(const Disks& disks, std::ostream* out);
[[nodiscard]] std::string name_of(const testing::TestParamInfo<Disks>& disks);
/// Each type of file system, with one disk and with two.
[[nodiscard]] std::vector<Disks> all_disks();

/// Programs are killed, the power of the disks with the live root and the state directory is lost, and what
/// is left must be in order.
///
/// A suite of all points takes hours; by default it is a sample, and all of them with DISCO_TESTS_EVERY_POINT
/// in the environment.
class PowerLossTest : public MountedTreeTest, public testing::WithParamInterface<Disks> {
protected:
    void SetUp() override;
    void TearDown() override;

    struct Point {
        ChangingCall call;
        Reaches reaches = Reaches::nothing;
        [[nodiscard]] std::string text() const;
    };
    /// The last one of the calls is among them, and about `wanted` others; over all suites every kind of
    /// call.
    [[nodiscard]] std::vector<Point> points(const std::vector<ChangingCall>& calls, std::size_t wanted) const;

    /// All disks as they are, to come back to.
    void keep_as(const std::string& name);
    void restore(const std::string& name);
    /// From all processes that are left, too.
    void lose_power(Reaches reaches);
    /// Runs a program up to a call, and loses the power.
    void crash(const std::vector<std::string>& words, const Point& point);

    /// Two trees, one of which must be there; compared are metadata, too, of the old one, which is restored.
    struct Trees {
        Snapshot old_one; ///< restorable_tree()
        Snapshot new_one; ///< tree()
    };
    enum class Found { old_one, new_one };
    /// Recovers, and loses the power once more; it must be the same tree afterwards.
    Found expect_either(const Trees& trees, const std::string& at);

    /// What is written in the state directory is there as a whole, or not at all.
    void expect_whole_state(const std::string& at) const;
    /// The live root without the state directory, with all that undoing restores.
    [[nodiscard]] Snapshot restorable_tree() const;
    [[nodiscard]] std::vector<std::string> merge_words() const;
    [[nodiscard]] std::vector<std::string> command_words(const std::string& command) const;
    [[nodiscard]] std::vector<ChangingCall> calls_of(const std::vector<std::string>& words) const;

private:
    void recover(const std::string& at) const;
    [[nodiscard]] std::vector<Reaches> all_reaches() const;

    std::optional<LossyDisk> root_disk_, state_disk_;
    unsigned seed_ = 0;
};

} // namespace disco::tests
