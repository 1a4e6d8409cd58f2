// disco's own package, made of what is built, on a machine that has none of disco yet.

#include "tests/support/booted_host.hpp"
#include "tests/support/build_tree.hpp"

#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"

#include <chrono>
#include <cstdlib>
#include <regex>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

sys::ProgramResult run_here(const std::string& lines) {
    return sys::run_program({.argv = {"bash", "-c", "set -euo pipefail\n" + lines},
                             .environment = {std::string{"PATH="} + sys::usual_path, "LC_ALL=C.UTF-8",
                                             "SOURCE_DATE_EPOCH=1769904000"},
                             .input = {},
                             .timeout = std::chrono::minutes{3}});
}

/// In a directory of its own; quickly compressed.
class Package {
public:
    Package() : directory_{fs::temp_directory_path(), "disco-test-"} { make("first"); }
    void make(const std::string& name) const {
        const auto made = run_here(fmt::format("cpack -G DEB --config {}/CPackConfig.cmake -B {}/{} -D "
                                               "CPACK_DEBIAN_COMPRESSION_TYPE=gzip >&2",
                                               build_tree().string(), directory_.path().string(), name));
        EXPECT_TRUE(made.succeeded()) << made.error;
    }
    [[nodiscard]] std::string directory() const { return directory_.path(); }
    /// Copies the package, and one of the next revision with another README, to the machine's /root.
    void give(const fs::path& root) const {
        const auto given = run_here(
            fmt::format("cd {}; cp first/disco_*.deb {}/root/disco.deb; dpkg-deb -R first/disco_*.deb next\n"
                        "sed -i 's/^Version: .*/&0/' next/DEBIAN/control\n"
                        "echo 'Another line.' >>next/etc/disco/policy/README\n"
                        "dpkg-deb -Zgzip --root-owner-group -b next {}/root/disco-next.deb >&2",
                        directory(), root.string(), root.string()));
        EXPECT_TRUE(given.succeeded()) << given.error;
    }

private:
    sys::OwnedDirectory directory_;
};

class BootedOwnPackage : public BootedTest {
protected:
    /// Every file of the machine, but those of dpkg and of what runs there.
    static std::string files() {
        return answer(
            Machine::native,
            R"(find / -xdev \( -path /root -o -path /proc -o -path /sys -o -path /run -o -path /tmp )"
            R"(-o -path /var/tmp -o -path /var/log -o -path /var/cache -o -path /var/lib/dpkg )"
            R"(-o -path /srv -o -path /dev \) -prune -o -printf '%p %m %u:%g\n' | sort)");
    }
    /// What lines print there, standard error as well, and the exit code when it is not 0.
    static std::string printed_by(const std::string& lines) {
        return answer(Machine::native, "exec 2>&1\nexport DEBIAN_FRONTEND=noninteractive\n" + lines);
    }
};

TEST(OwnPackage, HasNoObjectionOfLintian) {
    if (!fs::exists("/usr/bin/lintian")) {
        const char* must_run = std::getenv("DISCO_TESTS_MUST_RUN");
        ASSERT_TRUE(must_run == nullptr || *must_run == '0') << "lintian is missing";
        GTEST_SKIP() << "lintian is missing";
    }
    const Package package;
    const auto objections = run_here(fmt::format(
        "lintian --allow-root --no-cfg --fail-on error,warning {}/first/disco_*.deb", package.directory()));
    EXPECT_TRUE(objections.succeeded()) << objections.output << objections.error;
    EXPECT_THAT(objections.output, IsEmpty());
    package.make("second");
    const auto same = run_here(fmt::format("cd {}; cmp first/*.deb second/*.deb", package.directory()));
    EXPECT_TRUE(same.succeeded()) << "made twice it is not the same: " << same.output << same.error;
}

TEST_F(BootedOwnPackage, IsInstalledUpgradedRemovedAndPurged) {
    const fs::path root = this->root(Machine::native);
    Package{}.give(root);
    const std::string before = files();

    EXPECT_THAT(printed_by("dpkg -i /root/disco.deb"), Not(HasSubstr("warning")));
    EXPECT_EQ(printed_by("systemctl is-enabled disco-{audit,run}.{timer,service} disco-recover.service; "
                         "systemctl list-units --plain --no-legend 'disco-*'"),
              "disabled\nstatic\ndisabled\nstatic\ndisabled\n");
    EXPECT_EQ(
        printed_by("systemd-analyze verify --man=no disco-{audit,run}.{timer,service} disco-recover.service"),
        "");
    EXPECT_THAT(printed_by("man -w disco 2>/dev/null; zcat /usr/share/man/man8/disco.8.gz"),
                AllOf(HasSubstr("/usr/lib/disco"), Not(HasSubstr("/usr/local"))));

    // An audit of a machine that is not as its server says, of one that is, and of one without a server.
    put(root / "srv/disco/universe/modules/motd/files/etc/motd", "As the server says.\n");
    put(root / "srv/disco/universe/modules/motd/files/etc/secret", "password\n", 0600);
    put(root / "srv/disco/universe/parameters/booted/modules/motd", "");
    const std::string audit = "systemctl start disco-audit 2>/dev/null; systemctl show disco-audit -p "
                              "Result,ExecMainStatus; journalctl --sync; ";
    EXPECT_EQ(printed_by(audit), "Result=exit-code\nExecMainStatus=2\n");
    EXPECT_EQ(
        printed_by("journalctl -q -o cat -u disco-audit DISCO_PATH=/etc/secret DISCO_NODE=booted -p warning"),
        "pending: created /etc/secret\n");
    EXPECT_EQ(printed_by("run=$(disco status --json | sed 's/.*\"id\":\"\\([^\"]*\\)\".*/\\1/'); "
                         "journalctl -q -o cat --output-fields=DISCO_MODULE,DISCO_PATH,DISCO_CHANGE "
                         "DISCO_RUN=$run SYSLOG_IDENTIFIER=disco PRIORITY=4 DISCO_PATH=/etc/motd | sort"),
              "/etc/motd\nmodified\nmotd\n");
    EXPECT_THAT(printed_by("journalctl -q -o export"), Not(HasSubstr("password")));
    EXPECT_EQ(printed_by("disco-run --quiet >/dev/null; " + audit), "Result=success\nExecMainStatus=0\n");
    EXPECT_EQ(printed_by("disco-param set disco/server/uri rsync://127.0.0.1:1/universe; " + audit +
                         "disco status >/dev/null"),
              "Result=success\nExecMainStatus=0\nexit 75, signal 0\n");
    prepare(Machine::native, "disco rollback --quiet; systemctl enable -q disco-audit.timer");

    // Conffiles and enabled units stay as the administrator has made them.
    prepare(Machine::native,
            "echo mine >>/etc/disco/policy/README; echo true >/etc/disco/policy/restricted.d/mine");
    EXPECT_THAT(printed_by("dpkg --force-confold -i /root/disco-next.deb"), Not(HasSubstr("warning")));
    EXPECT_EQ(printed_by("tail -n 1 /etc/disco/policy/README; systemctl is-enabled disco-audit.timer; "
                         "systemctl is-active disco-run.timer"),
              "mine\nenabled\ninactive\nexit 3, signal 0\n");

    put(root / "var/lib/disco/undo/20260131T235959.000Z-0a1b2c/confirm", "1\n");
    EXPECT_THAT(printed_by("dpkg -r disco"),
                AllOf(HasSubstr("waits for its confirmation: 20260131T235959.000Z-0a1b2c"),
                      HasSubstr("disco confirm")));
    EXPECT_EQ(
        printed_by(
            "ls -d /usr/sbin/disco* /usr/lib/disco /var/lib/disco /etc/disco/policy/README 2>/dev/null; "
            "systemctl is-active disco-audit.timer"),
        "/etc/disco/policy/README\n/var/lib/disco\ninactive\nexit 3, signal 0\n");

    // Purging follows no link.
    put(root / "srv/kept/inside", "kept\n");
    prepare(Machine::native, "ln -s /srv/kept /var/lib/disco/link; ln -s /srv/kept /etc/disco/link");
    EXPECT_THAT(printed_by("dpkg -P disco"), AllOf(HasSubstr("removing /var/lib/disco"),
                                                   HasSubstr("nobody has confirmed, and that stay: 1")));
    EXPECT_EQ(sys::read_file(root / "srv/kept/inside"), "kept\n");
    EXPECT_EQ(files(), before);
    prepare(Machine::native, "rm -rf /srv/kept /srv/disco /root/disco*.deb");
}

} // namespace
} // namespace disco::tests
