// What programs of a sandbox can do although they are confined to their view by Landlock: all that they could
// without. What they cannot is in tests/escape.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <ostream>

#include <sys/syscall.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

struct UseRow {
    const char* name;
    std::string line; ///< for sh; prints "done" as its last act
};

std::ostream& operator<<(std::ostream& stream, const UseRow& row) { return stream << row.line; }

class Landlock : public DanceTest, public testing::WithParamInterface<UseRow> {};

TEST_P(Landlock, LeavesPrograms) {
    const auto result =
        sys::run_program({.argv = {disco_binary(), "exec", "--noop", "--root", root(), "--state-dir", state(),
                                   "--", "sh", "-c", "set -e; " + GetParam().line},
                          .environment = {"PATH=" + search_path},
                          .input = {},
                          .timeout = std::chrono::seconds{60}});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, testing::StartsWith("done\n")) << result.error;
}

INSTANTIATE_TEST_SUITE_P(
    Files, Landlock,
    testing::Values(
        UseRow{"files_of_other_directories",
               "mkdir -p /a/b /c /tmp/x; echo one > /a/b/f; mv /a/b/f /c/f; mv /a/b /c/d; ln /c/f /a/g; "
               "echo two >> /a/g; mv /c/f /tmp/x; cp /tmp/x/f /dev/shm; cp /tmp/x/f /run/f; rm -r /c; cat "
               "/run/f "
               "> /dev/null; echo done"},
        UseRow{"overlays",
               "mv /etc/motd /srv; echo x >> /srv/motd; truncate -s 0 /etc/hostname; rm /etc/passwd; "
               "mv /usr/bin /usr/was; /usr/was/mv /usr/was /usr/bin; echo done"},
        UseRow{"roots_of_their_own", "mkdir /new; cp -a /usr /bin /lib* /new; "
                                     "perl -e 'chroot \"/new\" or die $!; chdir \"/\"; exec @ARGV' /bin/sh "
                                     "-c 'echo x > /f; mkdir /d; mv /f /d'; "
                                     "cat /new/d/f > /dev/null; echo done"},
        UseRow{"programs_elsewhere", "cp /bin/true /tmp/t; cp /bin/true /srv/t; /tmp/t; /srv/t; echo done"},
        UseRow{"names_of_descriptors",
               "echo done > /proc/self/fd/1; echo x | (read y < /proc/self/fd/0; [ $y = x ]); "
               "exec 9>/tmp/f; echo y > /dev/fd/9; [ $(cat /tmp/f) = y ]; : > /dev/null"},
        UseRow{"memory",
               fmt::format("perl -e '$f = syscall({}, $n = \"x\", 0); open F, \">\", \"/proc/self/fd/$f\" "
                           "or die $!; print F 1; close F'; echo done",
                           SYS_memfd_create)},
        UseRow{"message_queues",
               fmt::format(
                   "perl -e '$q = syscall({}, $n = \"q\", 0102, 0600, 0); $q >= 0 or die $!; open F, \"<\", "
                   "\"/dev/mqueue/q\" or die $!'; rm /dev/mqueue/q; echo done",
                   SYS_mq_open)}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::tests
