// What the kernel has, without asking it: it would load what it has not.

#include "runner/border/cell/kernel_parts.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/throw_away.hpp"

#include <gtest/gtest.h>
#include <sys/utsname.h>

namespace disco::border::cell {
namespace {

class Kernel : public testing::Test {
protected:
    void file(const std::string& path, std::string_view text) { tests::put(directory_.path() / path, text); }
    void SetUp() override { file("proc/self/stat", ""); }
    [[nodiscard]] KernelParts kernel() const { return KernelParts{directory_.path()}; }
    static std::string release() {
        struct utsname name = {};
        ::uname(&name);
        return name.release;
    }

private:
    sys::OwnedDirectory directory_{"/tmp", "disco-test-"};
};

TEST_F(Kernel, HasAModuleThatIsLoadedOrBuiltIn) {
    file("proc/modules", "nf_tables 1 2 - Live 0x0\n");
    file("sys/module/nf_tables/refcnt", "1\n");
    file("lib/modules/" + release() + "/modules.builtin",
         "kernel/net/unix/unix-diag.ko\nkernel/x/ip_set.ko\n");
    EXPECT_TRUE(kernel().has_module("nf_tables"));
    EXPECT_TRUE(kernel().has_module("unix_diag"));
    EXPECT_TRUE(kernel().has_module("ip_set"));
    EXPECT_FALSE(kernel().has_module("tcp_diag"));
    EXPECT_FALSE(kernel().has_module("set"));
    EXPECT_FALSE(kernel().has_module(""));
    EXPECT_FALSE(kernel().has_module("../module/nf_tables"));
}

TEST_F(Kernel, ThatCanLoadNoneCanBeAskedForAll) {
    EXPECT_TRUE(kernel().has_module("nf_tables")) << "it has no modules at all";
    file("proc/modules", "");
    EXPECT_FALSE(kernel().has_module("nf_tables"));
    file("proc/sys/kernel/modules_disabled", "0\n");
    EXPECT_FALSE(kernel().has_module("nf_tables"));
    file("proc/sys/kernel/modules_disabled", "1\n");
    EXPECT_TRUE(kernel().has_module("nf_tables"));
}

TEST_F(Kernel, OfWhichNothingIsKnownHasNothing) {
    const KernelParts nowhere{"/nonexistent"};
    EXPECT_FALSE(nowhere.has_module("nf_tables"));
    EXPECT_FALSE(nowhere.has_netlink(0));
    EXPECT_FALSE(nowhere.has_table("ip", "filter"));
}

TEST_F(Kernel, HasTheProtocolsThatItHasASocketOf) {
    file("proc/self/net/netlink", "sk               Eth Pid        Groups   Rmem\n"
                                  "00000000f11cbb2c 0   0          00000000 0\n"
                                  "000000001eea2ec1 12  4711       00000000 0\n"
                                  "000000001eea2ec2 16  0          00000000 0\n");
    EXPECT_TRUE(kernel().has_netlink(0));
    EXPECT_TRUE(kernel().has_netlink(16));
    EXPECT_FALSE(kernel().has_netlink(12)) << "that is a program's";
    EXPECT_FALSE(kernel().has_netlink(4));
}

TEST_F(Kernel, HasTablesAndExtensionsOfTheOldKind) {
    file("proc/modules", "");
    file("proc/self/net/ip_tables_names", "nat\nfilter\n");
    file("proc/self/net/ip6_tables_matches", "tcp\nudp\n");
    file("proc/self/net/arp_tables_targets", "mangle\n");
    file("sys/module/xt_connlimit/refcnt", "0\n");
    EXPECT_TRUE(kernel().has_table("ip", "filter"));
    EXPECT_FALSE(kernel().has_table("ip", "filt"));
    EXPECT_FALSE(kernel().has_table("ip6", "filter"));
    EXPECT_TRUE(kernel().has_extension("udp"));
    EXPECT_TRUE(kernel().has_extension("mangle"));
    EXPECT_TRUE(kernel().has_extension("connlimit"));
    EXPECT_FALSE(kernel().has_extension("recent"));
    EXPECT_FALSE(kernel().has_extension(""));
    EXPECT_FALSE(kernel().has_ipv6());
}

} // namespace
} // namespace disco::border::cell
