#pragma once

#include "tests/support/mounted_tree.hpp"

namespace disco::tests {

/// Where the state directory is.
enum class StateOn { root, memory, home, var };

[[nodiscard]] std::string name_of(const testing::TestParamInfo<StateOn>& where);

/// A script that makes every kind of change on every mount of a `ManyMountsTest`.
extern const char* const rearrange_mounts;

/// A live root with mounts in it: file systems of several types, bind mounts, read-only ones, mounts below
/// mounts.
class ManyMountsTest : public MountedTreeTest, public testing::WithParamInterface<StateOn> {
protected:
    void SetUp() override;
    /// Before Linux 6.6 layers in memory are not merged to disks: then expects that this is said.
    [[nodiscard]] bool layers_are_refused() const;
};

} // namespace disco::tests
