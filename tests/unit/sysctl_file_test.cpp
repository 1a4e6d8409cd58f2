// What `sysctl -p` loads.

#include "runner/model/sysctl_file.hpp"

#include <gmock/gmock.h>

namespace disco::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using Words = std::vector<std::string>;

TEST(SysctlFile, IsNamedByTheWords) {
    EXPECT_THAT(files_loaded_by_sysctl({"sysctl", "-p"}), Optional(ElementsAre("/etc/sysctl.conf")));
    EXPECT_THAT(files_loaded_by_sysctl({"/sbin/sysctl", "-q", "-p", "a", "/b"}),
                Optional(ElementsAre("a", "/b")));
    EXPECT_THAT(files_loaded_by_sysctl({"sysctl", "--load=/a"}), Optional(ElementsAre("/a")));
    EXPECT_THAT(files_loaded_by_sysctl({"sysctl", "-p/a"}), Optional(ElementsAre("/a")));
    for (const Words& words : {Words{"sysctl", "-w", "a=b"},
                               {"sysctl", "-p", "-"},
                               {"sysctl", "-p", "/dev/stdin"},
                               {"sysctl", "--system"},
                               {"sysctl", "a"},
                               {"ip", "-p"},
                               {}})
        EXPECT_EQ(files_loaded_by_sysctl(words), std::nullopt);
}

TEST(SysctlFile, HasAssignments) {
    EXPECT_THAT(assignments_of_sysctl_file("# a\n;b\n\nnet.ipv4.ip_forward=1\n -kernel/x = 1 \t 2\r\nlast=z"),
                Optional(ElementsAre("net.ipv4.ip_forward=1", "kernel/x=1 \t 2", "last=z")));
    EXPECT_THAT(assignments_of_sysctl_file(""), Optional(IsEmpty()));
    for (const char* text : {"net.ipv4.conf.*.rp_filter = 1\n", "a\n", "a =\n", "= b\n", "-a\n"})
        EXPECT_EQ(assignments_of_sysctl_file(text), std::nullopt) << text;
}

TEST(SysctlWords, MayBeAssignments) {
    EXPECT_THAT(assigned_by_sysctl({"/sbin/sysctl", "-w", "-q", "a=1", "b/c= 2"}),
                Optional(ElementsAre("a=1", "b/c= 2")));
    EXPECT_THAT(assigned_by_sysctl({"sysctl", "--ignore", "--", "a=1"}), Optional(ElementsAre("a=1")));
    for (const Words& words : {Words{"sysctl", "a"},
                               {"sysctl", "-w"},
                               {"sysctl", "a=1", "b"},
                               {"sysctl", "=1"},
                               {"sysctl", "-p", "a=1"},
                               {"ip", "a=1"},
                               {}})
        EXPECT_EQ(assigned_by_sysctl(words), std::nullopt);
}

TEST(SysctlWords, MayLoadAllFilesOfTheSystem) {
    EXPECT_TRUE(loads_system_settings({"/sbin/sysctl", "-q", "--system"}));
    for (const Words& words : {Words{"sysctl", "-p"},
                               {"sysctl", "--system", "/f"},
                               {"sysctl", "--system", "--pattern=a"},
                               {"x", "--system"},
                               {}})
        EXPECT_FALSE(loads_system_settings(words));
}

TEST(SysctlKey, IsAPathByItsFirstSign) {
    EXPECT_EQ(sysctl_path("net.ipv4.conf.eth0/5.forwarding"), "net/ipv4/conf/eth0.5/forwarding");
    EXPECT_EQ(sysctl_path("net/ipv4/conf/eth0.5/forwarding"), "net/ipv4/conf/eth0.5/forwarding");
    EXPECT_EQ(sysctl_path("kernel"), "kernel");
}

TEST(SysctlAssignments, OfOneKeyTheLastOneCounts) {
    EXPECT_THAT(last_assignments({"a.b=1", "c.d=2", "a/b=3"}), ElementsAre("c.d=2", "a/b=3"));
}

} // namespace
} // namespace disco::model
