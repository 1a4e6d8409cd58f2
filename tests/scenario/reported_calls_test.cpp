// System calls that are told instead of made.

#include "tests/payloads/narrow_calls.hpp"
#include "tests/support/throw_away.hpp"

#include <string>

#include <sys/syscall.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ReportedCalls : public DanceTest {
protected:
    /// The texts of what was refused when a perl program ran in the whole tree of this machine.
    std::vector<std::string> refused(const std::string& program, const std::string& mode = "--noop") {
        std::vector<std::string> words = {"exec",   "--root", "/",  "--state-dir", state(), mode,
                                          "--json", "-",      "--", "perl",        "-e",    program};
        result = disco(words);
        std::vector<std::string> texts;
        const auto report = nlohmann::json::parse(result.output);
        for (const auto& notice : report.at("modules").at(0).at("notices"))
            if (notice.at("kind") == "refused") texts.push_back(notice.at("text"));
        outcome = report.at("modules").at(0).at("outcome");
        return texts;
    }
    sys::ProgramResult result;
    std::string outcome;
};

const std::string mount = fmt::format(
    R"(sub mnt {{ my ($s, $t, $y) = map {{ "$_\0" }} @_; syscall({}, $s, $t, $y, 0, 0) }} )", SYS_mount);

TEST_F(ReportedCalls, AreToldWithTheirArgumentsAndCounted) {
    EXPECT_THAT(
        refused(mount + "for (1..3) { mnt('/dev/sdb1', '/mnt', 'ext4') == -1 && $!{EPERM} or die } " +
                fmt::format("my $n = 'web2'; syscall({}, $n, 4);", SYS_sethostname)),
        ElementsAre("would call: mount(/dev/sdb1, /mnt, ext4) (3 times)", "would call: sethostname(web2)"));
    EXPECT_EQ(result.exit, 0) << result.error;
}

#ifdef __x86_64__
TEST_F(ReportedCalls, ThoseOf32BitProgramsToo) {
    if (!kernel_has_narrow_calls()) GTEST_SKIP() << "this kernel has no calls of i386";
    // int 0x80 from a 64-bit program: call 21 is mount, its pointers have four bytes. A page below 4 GiB
    // cannot be had from perl, so the names are unreadable here; that it is told is what counts.
    EXPECT_THAT(refused("my $code = \"\\x53\\xb8\\x15\\0\\0\\0\\xcd\\x80\\x5b\\xc3\"; "
                        "require DynaLoader; my $at = syscall(9, 0, 4096, 7, 0x22, -1, 0); "
                        "open my $memory, '+<', '/proc/self/mem' or die; "
                        "sysseek $memory, $at, 0; syswrite $memory, $code; "
                        "my $sub = DynaLoader::dl_install_xsub('main::call', $at); &$sub();"),
                testing::Contains(HasSubstr("would call: mount(")));
}
#endif

TEST_F(ReportedCalls, AFloodOfThemIsCountedAndEnds) {
    const auto texts = refused(mount + "mnt('x' . ($_ % 150), '/mnt', 'ext4') for 1..20000;");
    EXPECT_EQ(result.exit, 0) << result.error;
    ASSERT_EQ(texts.size(), 101U);
    EXPECT_THAT(texts.back(), HasSubstr("would make further calls of these kinds ("));
}

TEST_F(ReportedCalls, ADyingCallerIsNoTrouble) {
    refused(mount + "for (1..50) { my $p = fork // die; if (!$p) { mnt('a', 'b', 'c') for 1..1000; exit } "
                    "select undef, undef, undef, 0.001; kill 9, $p; wait }");
    EXPECT_EQ(result.exit, 0) << result.error;
}

/// A signal may break a call off before anybody has heard of it; one that was heard is answered.
TEST_F(ReportedCalls, SignalsDoNotMakeThemTwice) {
    const auto texts = refused(
        mount +
        "require Time::HiRes; $SIG{ALRM} = sub {}; Time::HiRes::setitimer(0, 0.0002, 0.0002); my $answered; "
        "for (1..2000) { mnt('a', 'b', 'c'); ++$answered if $!{EPERM} } Time::HiRes::setitimer(0, 0); "
        "print STDERR 'answered', '=<', $answered, qq(>)");
    const std::size_t at = result.output.find("answered=<");
    ASSERT_NE(at, std::string::npos) << result.output;
    const std::string answered = result.output.substr(at + 10, result.output.find('>', at) - at - 10);
    EXPECT_THAT(texts, ElementsAre("would call: mount(a, b, c) (" + answered + " times)"));
}

TEST_F(ReportedCalls, WhatWasLeftRunningIsKilledInTheMiddle) {
    refused(mount + "if (!fork) { mnt('a', 'b', 'c') while 1 } select undef, undef, undef, 0.05;");
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_THAT(result.output, HasSubstr("left-running"));
}

TEST_F(ReportedCalls, AreSilentWhereNothingIsCalled) { EXPECT_THAT(refused("print 1"), IsEmpty()); }

TEST_F(ReportedCalls, InALiveModuleTheyAreRefused) {
    script("m", "10-mount.sh", "#!/usr/bin/perl\n" + mount + "mnt('a', 'b', 'c');\n");
    want("m");
    const auto dance = live();
    EXPECT_EQ(dance.exit, 0) << dance.error;
    EXPECT_THAT(last_report().dump(), HasSubstr("refused to call: mount(a, b, c)"));
}

} // namespace
} // namespace disco::tests
