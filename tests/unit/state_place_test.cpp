// Which file systems can hold the state directory.

#include "runner/run/state_place.hpp"
#include "runner/sys/error.hpp"

#include <linux/magic.h>

#include <gmock/gmock.h>

namespace disco::run {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Optional;

TEST(StatePlace, IsADiskOrATmpfs) {
    for (const long type :
         std::initializer_list<long>{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, 0})
        EXPECT_EQ(objection_to_state_on(type, false), std::nullopt) << type;
    EXPECT_THAT(objection_to_state_on(EXT4_SUPER_MAGIC, true), Optional(HasSubstr("read-only")));
}

TEST(StatePlace, IsNoNetworkFileSystem) {
    struct Row {
        long type;
        const char* name;
    };
    for (const Row& row : {Row{NFS_SUPER_MAGIC, "nfs"}, Row{0xFF534D42, "cifs"}, Row{0x00C36400, "ceph"},
                           Row{V9FS_MAGIC, "9p"}})
        EXPECT_THAT(objection_to_state_on(row.type, false),
                    Optional(AllOf(HasSubstr(row.name), HasSubstr("network"))));
    EXPECT_THAT(objection_to_state_on(0x65735546, false), Optional(HasSubstr("fuse")));
}

TEST(StatePlace, IsNotTheKernels) {
    for (const long type :
         std::initializer_list<long>{PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC})
        EXPECT_THAT(objection_to_state_on(type, false), Optional(HasSubstr("the kernel's"))) << type;
}

TEST(StatePlace, IsLookedAtWhereItWouldBeMade) {
    EXPECT_THROW(require_state_place("/proc/none/of/this"), sys::BadConfiguration);
    EXPECT_THROW(require_state_place("/sys"), sys::BadConfiguration);
}

} // namespace
} // namespace disco::run
