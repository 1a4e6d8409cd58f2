// Programs of a sandbox are in a user namespace, and see little of that: root is root, and users are users.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <array>
#include <cstdint>

#include <sys/syscall.h>
#include <sys/xattr.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::Not;

class OwnUsers : public DanceTest {
protected:
    [[nodiscard]] sys::ProgramResult exec(std::vector<std::string> options, const std::string& line,
                                          std::vector<std::string> under = {}) const {
        for (const std::string& word : {disco_binary().string(), std::string{"exec"}, std::string{"--root"},
                                        root().string(), std::string{"--state-dir"}, state().string()})
            under.push_back(word);
        under.insert(under.end(), options.begin(), options.end());
        under.insert(under.end(), {"--", "sh", "-c", line});
        return sys::run_program({.argv = under,
                                 .environment = {"PATH=" + search_path},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    }
    [[nodiscard]] static std::string own(const char* kind) {
        return std::filesystem::read_symlink(std::filesystem::path{"/proc/self/ns"} / kind);
    }
};

TEST_F(OwnUsers, HaveTheNumbersOfTheMachine) {
    const auto result = exec({"--noop"}, "cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; "
                                         "readlink /proc/self/ns/user");
    const std::string map = sys::read_file("/proc/self/uid_map");
    EXPECT_THAT(result.output, HasSubstr(map + map + "allow\n")) << result.error;
    EXPECT_THAT(result.output, Not(HasSubstr(own("user"))));
}

/// Rights over the machine's network are the initial user namespace's.
TEST_F(OwnUsers, AreTheMachinesWhereTheNetworkIs) {
    const auto result =
        exec({"--noop", "--network", "host"}, "readlink /proc/self/ns/user; mknod /srv/x c 1 3 && echo made");
    EXPECT_THAT(result.output, HasSubstr(own("user") + "\nmade\n")) << result.error;
}

TEST_F(OwnUsers, OwnTheNetwork) {
    const auto result =
        exec({"--noop"},
             "perl -e '$a = pack \"S n N x8\", 2, 80, 0x7f000001; socket S, 2, 1, 0; bind S, $a or die "
             "$!; listen S, 1; print \"bound\\n\"; socket C, 2, 1, 0; connect C, $a or die $!; "
             "print \"connected\\n\"' 2>&1");
    EXPECT_THAT(result.output, HasSubstr("bound\nconnected\n")) << result.error;
}

TEST_F(OwnUsers, CanBeAnybody) {
    const auto result =
        exec({"--noop"}, "perl -e '$( = 34; $) = \"34 5 6\"; $< = $> = 33; exec \"id -u; id -g; id -G\"'; "
                         "perl -e '$( = $) = 4000000000; $< = $> = 4000000000; exec \"id -u; id -g\"'; "
                         "perl -e '$< = $> = 33; sleep 9' & sleep 0.3; kill $! && echo killed; "
                         "touch /srv/f && chown 33:34 /srv/f && stat -c %u:%g /srv/f");
    EXPECT_THAT(result.output, HasSubstr("33\n34\n34 5 6\n4000000000\n4000000000\n")) << result.error;
    EXPECT_THAT(result.output, HasSubstr("killed\n33:34\n"));
}

/// The first format is the one that every tool and kernel knows.
TEST_F(OwnUsers, GiveFilesTheCapabilitiesThatTheyWouldHave) {
    const auto result = exec(
        {"--merge"}, fmt::format("cp /bin/true /srv/ping && perl -e '$v = pack \"V5\", 0x02000001, 1 << 13, "
                                 "0, 0, 0; ($p, $k) = (\"/srv/ping\", \"security.capability\"); "
                                 "syscall({}, $p, $k, $v, 20, 0) == 0 or die $!'",
                                 SYS_setxattr));
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    std::array<std::uint32_t, 8> value{};
    const ssize_t size =
        ::getxattr((root() / "srv/ping").c_str(), "security.capability", value.data(), sizeof value);
    EXPECT_EQ(size, 20);
    EXPECT_EQ(value[0], 0x02000001U);
    EXPECT_EQ(value[1], 1U << 13);
}

/// What the kernel gives the initial user namespace alone.
TEST_F(OwnUsers, TakeSetUserIdAwayByWriting) {
    const auto result = exec({"--merge"}, "cp /bin/true /srv/s; chmod 6755 /srv/s; stat -c %a /srv/s; "
                                          "chown 0:33 /srv/s; chmod 6755 /srv/s; echo >> /srv/s; "
                                          "stat -c %a /srv/s");
    EXPECT_THAT(result.output, HasSubstr("6755\n755\n"));
}

TEST_F(OwnUsers, WhereThereAreNoneItIsSaid) {
    const auto result = exec({"--noop"}, "readlink /proc/self/ns/user; mknod /srv/x c 1 3 && echo made",
                             {build_tree() / "tests/container_payload", "new_users"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr(own("user") + "\nmade\n"));
    EXPECT_THAT(result.error, HasSubstr("this machine makes no user namespace (Operation not permitted)"));
    EXPECT_THAT(result.error, HasSubstr("hidepid=invisible"));
}

} // namespace
} // namespace disco::tests
