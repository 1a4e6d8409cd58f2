// What is told of a reported call.

#include "runner/sandbox/call_text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>

#include <linux/audit.h>
#include <linux/reboot.h>
#include <sched.h>
#include <sys/mount.h>

#include <gmock/gmock.h>

namespace disco::sandbox {
namespace {

/// A caller's memory: bytes at addresses, nothing elsewhere.
const std::map<std::uint64_t, std::string> memory = {
    {0x1000, std::string{"/dev/sdb1\0", 10}},
    {0x2000, std::string{"/mnt\0", 5}},
    {0x3000, std::string{"ext4\0", 5}},
    {0x4000, std::string{"web1EXTRA", 9}},
    {0x5000, std::string{"bad\nname\0", 9}},
    {0x6000, std::string("\x80\x43\x6d\x38\0\0\0\0\0\0\0\0\0\0\0\0", 16)},
    {0x7000, std::string(1000, 'x')}};

std::size_t read(std::uint64_t address, void* to, std::size_t size) {
    const auto found = memory.find(address);
    if (found == memory.end()) return 0;
    const std::size_t got = std::min(size, found->second.size());
    std::memcpy(to, found->second.data(), got);
    return got;
}

struct Row {
    const char* name;
    CallMade call;
    const char* text;
};
class CallText : public testing::TestWithParam<Row> {};
TEST_P(CallText, Says) { EXPECT_EQ(describe_call(GetParam().call, read), GetParam().text); }
INSTANTIATE_TEST_SUITE_P(
    Calls, CallText,
    testing::Values(Row{"mount", {"mount", {0x1000, 0x2000, 0x3000}}, "call: mount(/dev/sdb1, /mnt, ext4)"},
                    Row{"remount",
                        {"mount", {0, 0x2000, 0, MS_REMOUNT | MS_RDONLY}},
                        "call: mount(-, /mnt, -, remount, read-only)"},
                    Row{"unreadable", {"mount", {0x99, 0x2000, 0x3000}}, "call: mount(?, /mnt, ext4)"},
                    Row{"umount", {"umount2", {0x2000, 2}}, "call: umount2(/mnt)"},
                    Row{"odd_name", {"umount2", {0x5000}}, "call: umount2(\"bad\\nname\")"},
                    Row{"host_name", {"sethostname", {0x4000, 4}}, "call: sethostname(web1)"},
                    Row{"clock", {"clock_settime", {0, 0x6000}}, "set the clock to 2000-01-01 00:00:00 UTC"},
                    Row{"clock_of_32_bits",
                        {"clock_settime", {0, 0x6000}, true},
                        "set the clock to 2000-01-01 00:00:00 UTC"},
                    Row{"clock_unreadable", {"settimeofday", {0x99}}, "set the clock"},
                    Row{"time_zone", {"settimeofday", {0, 0x1000}}, "set the clock's time zone"},
                    Row{"restart", {"reboot", {0, 0, LINUX_REBOOT_CMD_RESTART}}, "call: reboot(restart)"},
                    Row{"odd_reboot", {"reboot", {0, 0, 7}}, "call: reboot(0x7)"},
                    Row{"unshare", {"unshare", {CLONE_NEWNS | CLONE_NEWUSER}}, "call: unshare(mount, user)"},
                    Row{"module", {"delete_module", {0x3000}}, "call: delete_module(ext4)"},
                    Row{"unknown", {"system call 999", {}}, "call: system call 999"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(CallTextOf, AbisAreNarrowByTheirArchitecture) {
    for (const std::uint32_t narrow : {AUDIT_ARCH_I386, AUDIT_ARCH_ARM}) EXPECT_TRUE(is_narrow(narrow));
    for (const std::uint32_t wide : {AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64}) EXPECT_FALSE(is_narrow(wide));
}

TEST(CallTextOf, ALongNameIsCut) { EXPECT_LT(describe_call({"umount2", {0x7000}}, read).size(), 300U); }

} // namespace
} // namespace disco::sandbox
