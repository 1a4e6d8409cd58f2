// A kernel and its initrd: made inside, of what the machine has, by the machine's own commands.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::Not;
using testing::StartsWith;

using BootedKernel = BootedTest;

TEST_F(BootedKernel, HasTheInitrdThatItHasNatively) {
    do_on_both("apt-get install -y linux-image-cloud-amd64 initramfs-tools");
    const std::string image = "/boot/initrd.img-*-amd64";
    EXPECT_THAT(expect_same("lsinitramfs " + image + " | sort"), Not(StartsWith("exit")));
    EXPECT_THAT(expect_same("lsinitramfs " + image + " | grep -c '\\.ko'"), Not(StartsWith("0\n")));
    // Its programs are those of the machine, and no stand-ins.
    expect_same("rm -rf /root/initrd; unmkinitramfs " + image +
                " /root/initrd && cd /root/initrd && find . -type f -exec sha256sum {} + | sort -k 2; "
                "rm -r /root/initrd");
    // Questions about its modules.
    for (const char* question : {"modprobe -nv -S $(ls /lib/modules) virtio_net",
                                 "modprobe --dry-run --show-depends --set-version $(ls /lib/modules) btrfs",
                                 "modprobe -nv -S $(ls /lib/modules) no-such-module 2>&1",
                                 "modinfo -k $(ls /lib/modules) -F depends virtio_net"})
        EXPECT_EQ(answer_in_noop(question), answer(Machine::disco, question)) << question;
    do_on_both("apt-get purge -y linux-image-cloud-amd64 'linux-image-[0-9]*' initramfs-tools");
    expect_same("ls /boot /lib/modules; ls -d /vmlinuz* /initrd* 2>&1");
}

} // namespace
} // namespace disco::tests
