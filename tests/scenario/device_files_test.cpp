// Device files that scripts make: in a sandbox another process makes them, but it has to look as if they had.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct DeviceRow {
    const char* name;
    std::string line; ///< for sh, in an empty directory of its own
};
std::ostream& operator<<(std::ostream& stream, const DeviceRow& row) { return stream << row.name; }

/// `perl -e` with mknodat as mknodat(2), and `drop` to become user 33. x86-64 and arm64 have the same flags.
std::string perl(const std::string& text) {
    return fmt::format("perl -e 'sub mknodat {{ my ($d, $p) = @_; print syscall({}, $d, $p, 020644, 259) "
                       "== 0 ? \"made\\n\" : \"$!\\n\" }} "
                       "sub drop {{ $( = 33; $) = \"33 33\"; $< = 33; $> = 33 }} {}' 2>&1; ",
                       SYS_mknodat, text);
}

class DeviceFiles : public DanceTest {
protected:
    /// How the line is run in a sandbox, and how natively: in a directory for each that has the same name.
    [[nodiscard]] sys::ProgramResult in_sandbox(const std::string& line, const std::string& merge) const {
        return run({disco_binary(), "exec", merge, "--root", root(), "--state-dir", state(), "--", "/bin/sh",
                    "-c", line});
    }
    [[nodiscard]] sys::ProgramResult natively(const std::string& line) const {
        for (const char* place : {"proc", "dev"}) fs::create_directories(root() / place);
        const std::string enter = "mount -t proc proc \"$0/proc\" && mount --rbind /dev \"$0/dev\" && "
                                  "exec chroot \"$0\" /bin/sh -c \"$1\"";
        return run({"/usr/bin/unshare", "--mount", "/bin/sh", "-c", enter, root(), line});
    }
    [[nodiscard]] static sys::ProgramResult run(const std::vector<std::string>& words) {
        return sys::run_program({.argv = words,
                                 .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    }
};

class MadeAsNatively : public DeviceFiles, public testing::WithParamInterface<DeviceRow> {};

/// Up to a line that says so, the output is the same: what the calls said, and what lies there then.
TEST_P(MadeAsNatively, IsTheSame) {
    const std::string line =
        "rm -rf /srv/d; mkdir /srv/d; cd /srv/d; umask 022; (" + GetParam().line +
        ") 2>&1; cd /srv/d; find . -exec stat -c '%n %F %a %u:%g %t:%T' {} + | sort; echo end";
    const auto native = natively(line);
    ASSERT_EQ(native.exit, 0) << native.output << native.error;
    fs::remove_all(root() / "srv/d");
    const auto made = in_sandbox(line, "--noop");
    EXPECT_EQ(made.exit, 0) << made.output << made.error;
    EXPECT_EQ(made.output.substr(0, made.output.find("end\n")),
              native.output.substr(0, native.output.find("end\n")))
        << made.error;
    EXPECT_THAT(native.output, HasSubstr("special file")) << "there is nothing to compare";
}

INSTANTIATE_TEST_SUITE_P(
    Scenario, MadeAsNatively,
    testing::Values(
        DeviceRow{"kinds", "mknod c c 1 3; mknod b b 7 250; mknod big c 300 70000; mkfifo p"},
        DeviceRow{"modes", "mknod -m 0640 a c 1 5; umask 077; mknod b c 1 5; umask 0; mknod c b 1 5; "
                           "chmod 6755 c; chown 33:34 b"},
        DeviceRow{"absolute", "mknod /srv/d/x c 1 3; mknod /srv/../srv/d/y c 1 3; cd /; mknod srv/d/z c 1 3"},
        DeviceRow{"relative", "mkdir -p a/b; cd a/b; mknod x c 1 3; mknod ../y c 1 3; mknod ./z c 1 3"},
        DeviceRow{"links", "mkdir a; ln -s a by; ln -s /srv/d/a all; ln -s nowhere none; mknod by/x c 1 3; "
                           "mknod all/y c 1 3; mknod none c 1 3; mknod none/x c 1 3"},
        DeviceRow{"errors", "mknod x c 1 3; mknod x c 1 3; mknod none/y c 1 3; mknod x/y c 1 3; "
                            "mknod '' c 1 3; mknod $(printf '%0300d' 1) c 1 3"},
        DeviceRow{"set_group_id_directory", "mkdir -m 2775 a; chown :33 a; mknod a/x c 1 3"},
        DeviceRow{
            "by_descriptor",
            "mkdir a b; touch f; " +
                perl("opendir D, \"a\" or die; mknodat(fileno(D), \"x\"); mknodat(fileno(D), \"../b/y\"); "
                     "mknodat(fileno(D), \"/srv/d/z\"); mknodat(77, \"no\"); mknodat(77, "
                     "\"/srv/d/all\"); open F, \"f\"; mknodat(fileno(F), \"no\"); mknodat(-100, \"w\")")},
        DeviceRow{"removed_directory", "mkdir a; cd a; rmdir ../a; mknod x c 1 3; mknod ../y c 1 3"},
        DeviceRow{"root_of_its_own", "mkdir -p a/srv/d; ln -s /srv/d a/in; " +
                                         perl("chroot \"a\" or die; chdir \"/\"; mknodat(-100, \"/x\"); "
                                              "mknodat(-100, \"../../y\"); mknodat(-100, \"/in/z\")")},
        DeviceRow{"other_users", "mknod mine c 1 3; mkdir -m 777 a; mkdir -m 755 b; " +
                                     perl("drop(); mknodat(-100, \"a/x\"); mknodat(-100, \"b/x\"); "
                                          "mknodat(-100, \"mine\")")},
        DeviceRow{"threads", "mkdir a b; (cd a; for i in 1 2 3 4 5; do mknod $i c 1 $i; done) & "
                             "(cd b; for i in 1 2 3 4 5; do mknod $i b 7 $i; done) & wait"},
        DeviceRow{"what_is_no_device", "mknod x p; mknod c c 1 3; " +
                                           perl("syscall(" + std::to_string(SYS_mknodat) +
                                                ", -100, $_->[0], $_->[1], 0) for [\"f\", 0100640], [\"s\", "
                                                "0140600], [\"n\", 0600]")}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(DeviceFiles, AreMerged) {
    const auto result = in_sandbox("umask 027; mkdir -p /srv/jail/dev; mknod /srv/jail/dev/null c 1 3; "
                                   "mknod -m 0600 /srv/disk b 259 1; chown 33:34 /srv/disk",
                                   "--merge");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    struct stat status = {};
    ASSERT_EQ(::stat((root() / "srv/jail/dev/null").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, S_IFCHR | 0640U);
    EXPECT_EQ(status.st_rdev, makedev(1, 3));
    ASSERT_EQ(::stat((root() / "srv/disk").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, S_IFBLK | 0600U);
    EXPECT_EQ(status.st_rdev, makedev(259, 1));
    EXPECT_EQ(status.st_uid, 33U);
}

/// An action works on the merged tree, and a device that a script has put there is the machine's.
TEST_F(DeviceFiles, OfAnotherRootAreClosedToItsActions) {
    const auto result = in_sandbox(
        "mknod -m 0666 /srv/b b 240 250; mknod -m 0666 /srv/c c 1 5; disco-defer sh -c 'for d in b c; do "
        "(: < /srv/$d); (: > /srv/$d); (: <> /srv/$d); done 2> /srv/said; dd of=/srv/b < /etc/motd 2>> "
        "/srv/said; "
        "true'",
        "--merge");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    const std::string said = read("srv/said");
    std::size_t denied = 0;
    for (std::size_t at = 0; (at = said.find("Permission denied\n", at)) != std::string::npos; ++at) ++denied;
    EXPECT_EQ(denied, 7U) << said;
}

/// The sandbox's own places: nobody makes anything there, and who made it does not matter.
TEST_F(DeviceFiles, AreNotMadeWhereNothingIsToBeMade) {
    const auto result = in_sandbox("for place in /dev /sys /run/disco /proc; do mknod $place/x c 1 3; done; "
                                   "mknod /tmp/x c 1 3 && cat /tmp/x; echo end",
                                   "--noop");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    for (const char* place : {"/dev", "/sys", "/run/disco", "/proc"})
        EXPECT_THAT(result.output, HasSubstr(fmt::format("{}/x:", place)));
    EXPECT_THAT(result.output, HasSubstr("cat: /tmp/x: Permission denied"));
}

TEST_F(DeviceFiles, CallersThatDieMeanwhileAreNoTrouble) {
    const auto result = in_sandbox(
        fmt::format(
            "perl -e 'for (1..150) {{ my $p = fork // die; if (!$p) {{ syscall({}, -100, \"/srv/$$\", "
            "020644, 259) for 1..100; exit }} select undef, undef, undef, rand 0.004; kill 9, $p; "
            "wait }}'; echo end",
            SYS_mknodat),
        "--noop");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, HasSubstr("end\n"));
}

/// Who ignores SIGCHLD does not learn how a child ended, and it is inherited (signal(7)).
TEST_F(DeviceFiles, AreMadeOrNotAlsoWhereSigchldIsIgnored) {
    const auto result =
        run({"/usr/bin/env", "--ignore-signal=CHLD", disco_binary(), "exec", "--noop", "--root", root(),
             "--state-dir", state(), "--", "/bin/sh", "-c",
             "touch /srv/f; mknod /srv/f c 1 3 && echo told so; mknod /srv/c c 1 3 && stat -c %F /srv/c"});
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, testing::Not(HasSubstr("told so")));
    EXPECT_THAT(result.output, HasSubstr("character special file"));
}

} // namespace
} // namespace disco::tests
