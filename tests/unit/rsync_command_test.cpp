#include "runner/fetch/rsync_command.hpp"
#include "runner/fetch/rsync_failure.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::fetch {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::ThrowsMessage;

FetchSettings settings_for(const char* uri) {
    FetchSettings settings;
    settings.server = parse_server_uri(uri);
    settings.timeout = std::chrono::seconds{7};
    return settings;
}

TEST(RsyncCommand, OfALocalCopyWordForWord) {
    const RsyncCall call{.mode = RsyncMode::copy,
                         .source = "/srv/u/modules",
                         .destination = "/state/scratch/m",
                         .link_to = "/state/modules",
                         .filters = {"+ /*/", "- *"},
                         .names = {}};
    EXPECT_THAT(rsync_command(settings_for("/srv/u"), call),
                ElementsAre("rsync", "--recursive", "--links", "--perms", "--times", "--devices",
                            "--specials", "--no-owner", "--no-group", "--modify-window=-1",
                            "--omit-dir-times", "--no-inc-recursive", "--timeout=7",
                            "--link-dest=/state/modules", "--filter=+ /*/", "--filter=- *", "--",
                            "/srv/u/modules/", "/state/scratch/m/"));
}

TEST(RsyncCommand, NamesKeepTheirPathBelowTheSource) {
    RsyncCall call;
    call.source = "h::u/parameters";
    call.destination = "/d";
    call.names = {"os/debian-12", "web1"};
    const auto words = rsync_command(settings_for("h::u"), call);
    EXPECT_THAT(words, Contains("--relative"));
    EXPECT_THAT(std::vector<std::string>(words.end() - 4, words.end()),
                ElementsAre("--", "h::u/parameters/./os/debian-12", "h::u/parameters/./web1", "/d/"));
}

TEST(PartsOf, ACallOfFewNamesOrNoneAreThatCall) {
    RsyncCall call;
    call.source = "h::u/modules";
    call.destination = "/d";
    for (const std::set<std::string>& names : {std::set<std::string>{}, {"a"}, {"a", "b", "os/debian-12"}}) {
        call.names = names;
        const auto parts = parts_of(ServerLayout::daemon_universe, call);
        ASSERT_EQ(parts.size(), 1U);
        EXPECT_EQ(rsync_command(settings_for("h::u"), parts[0]), rsync_command(settings_for("h::u"), call));
    }
}

struct PartsRow {
    const char* name;
    const char* uri;
    std::size_t count, length; ///< of the names
    std::size_t words, bytes;  ///< of names that a command has room for
};
class Parts : public testing::TestWithParam<PartsRow> {};

TEST_P(Parts, HoldEveryNameOnceAndNeverTooMany) {
    const PartsRow& row = GetParam();
    RsyncCall call;
    call.mode = RsyncMode::compare;
    call.source = parse_server_uri(row.uri).source("modules");
    call.destination = "/d";
    call.filters = {"- *"};
    for (std::size_t i = 0; i < row.count; ++i)
        call.names.insert(fmt::format("{:06}{}", i, std::string(row.length - 6, 'x')));
    std::set<std::string> seen;
    std::size_t least = row.count;
    for (const RsyncCall& part : parts_of(parse_server_uri(row.uri).layout, call)) {
        EXPECT_EQ(part.mode, call.mode);
        EXPECT_EQ(part.source, call.source);
        EXPECT_EQ(part.destination, call.destination);
        EXPECT_EQ(part.filters, call.filters);
        EXPECT_FALSE(part.names.empty());
        std::size_t bytes = 0;
        for (const std::string& name : part.names) {
            EXPECT_TRUE(seen.insert(name).second) << name;
            bytes += call.source.size() + std::string_view{"/./"}.size() + name.size() + 1;
        }
        EXPECT_LE(part.names.size(), row.words);
        EXPECT_TRUE(part.names.size() == 1 || bytes <= row.bytes) << bytes;
        least = std::min(least, part.names.size());
    }
    EXPECT_EQ(seen, call.names);
    EXPECT_GE(least, 1U);
}

INSTANTIATE_TEST_SUITE_P(Many, Parts,
                         testing::Values(PartsRow{"daemon", "h::u", 100000, 8, 500, 65536},
                                         PartsRow{"daemon_exactly", "h::u", 1000, 8, 500, 65536},
                                         PartsRow{"daemon_long", "h::u", 1001, 200, 500, 65536},
                                         PartsRow{"local", "/u", 3000, 255, 500, 65536},
                                         PartsRow{"ssh", "h:/u", 3000, 12, 500, 8000},
                                         PartsRow{"ssh_long", "h:/u", 100, 255, 500, 8000},
                                         PartsRow{"ssh_too_long_for_two", "h:/u", 3, 5000, 500, 8000}),
                         [](const auto& row) { return std::string{row.param.name}; });

TEST(RsyncCommand, ComparingWritesNothing) {
    const RsyncCall call{.mode = RsyncMode::compare,
                         .source = "/u",
                         .destination = "/d",
                         .link_to = {},
                         .filters = {},
                         .names = {}};
    EXPECT_THAT(rsync_command(settings_for("/u"), call), AllOf(Contains("--dry-run"), Contains("--delete")));
    EXPECT_THAT(rsync_command(settings_for("/u"), RsyncCall{}), Not(Contains("--delete")));
}

TEST(RsyncCommand, ConnectTimeIsBoundedWhereRsyncCan) {
    for (const char* daemon : {"rsync://h/u", "h::u", "h::", "rsync://h/"})
        EXPECT_THAT(rsync_command(settings_for(daemon), {}), Contains("--contimeout=7")) << daemon;
    for (const char* other : {"/u", "h:/u"})
        EXPECT_THAT(rsync_command(settings_for(other), {}), Not(Contains(StartsWith("--contimeout"))))
            << other;
    // A daemon that is started by a remote shell: there rsync does not take it.
    for (const std::vector<std::string>& shell : std::vector<std::vector<std::string>>{
             {"--rsh", "ssh -l user"}, {"--rsh=ssh -l user"}, {"-e", "ssh"}, {"-essh"}, {"-ve", "ssh"}})
        for (const char* daemon : {"h::universe", "h::", "rsync://h/u"}) {
            FetchSettings by_shell = settings_for(daemon);
            by_shell.rsync.insert(by_shell.rsync.end(), shell.begin(), shell.end());
            EXPECT_THAT(rsync_command(by_shell, {}),
                        AllOf(Not(Contains(StartsWith("--contimeout"))), Contains("--no-motd")))
                << shell[0] << daemon;
        }
    FetchSettings settings = settings_for("/u");
    settings.timeout = std::chrono::seconds{0}; // 0 would mean no time-out
    EXPECT_THAT(rsync_command(settings, {}), Contains("--timeout=1"));
}

struct ShellRow {
    const char* name;
    const char* uri;
    std::vector<std::string> rsync;
    bool ours;
};
class RemoteShell : public testing::TestWithParam<ShellRow> {};

TEST_P(RemoteShell, IsTheUsersWhenHeNamesOne) {
    FetchSettings settings = settings_for(GetParam().uri);
    settings.rsync = GetParam().rsync;
    const auto words = rsync_command(settings, {});
    const char* ours = "--rsh=ssh -o BatchMode=yes -o ConnectTimeout=7";
    if (GetParam().ours)
        EXPECT_THAT(words, Contains(ours));
    else
        EXPECT_THAT(words, Not(Contains(ours)));
    EXPECT_TRUE(std::equal(settings.rsync.begin(), settings.rsync.end(), words.begin()));
}

INSTANTIATE_TEST_SUITE_P(Words, RemoteShell,
                         testing::Values(ShellRow{"plain", "h:/u", {"rsync"}, true},
                                         ShellRow{"nice", "h:/u", {"nice", "-n5", "rsync"}, true},
                                         ShellRow{"path", "h:/u", {"rsync", "--rsync-path=/opt/rsync"}, true},
                                         ShellRow{"short", "h:/u", {"rsync", "-e", "ssh -p 2222"}, false},
                                         ShellRow{"cluster", "h:/u", {"rsync", "-ve", "ssh -p 2222"}, false},
                                         ShellRow{"joined", "h:/u", {"rsync", "-essh"}, false},
                                         ShellRow{"long_joined", "h:/u", {"rsync", "--rsh=ssh"}, false},
                                         ShellRow{"long_apart", "h:/u", {"rsync", "--rsh", "ssh"}, false},
                                         ShellRow{"daemon", "h::u", {"rsync"}, false},
                                         ShellRow{"local", "/u", {"rsync"}, false}),
                         [](const auto& row) { return std::string{row.param.name}; });

const char* full_environment(const char* name) {
    const std::string_view wanted = name;
    if (wanted == "PATH") return "/opt/bin:/bin";
    if (wanted == "HOME") return "/root";
    if (wanted == "RSYNC_PASSWORD") return "secret";
    if (wanted == "SSH_AUTH_SOCK") return "/run/agent";
    return "must not be passed on";
}
const char* no_environment(const char*) { return nullptr; }

TEST(RsyncEnvironment, HoldsWhatItMayAndNothingElse) {
    EXPECT_THAT(rsync_environment(full_environment),
                ElementsAre("PATH=/opt/bin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "RSYNC_PASSWORD=secret",
                            "SSH_AUTH_SOCK=/run/agent"));
    EXPECT_THAT(rsync_environment(no_environment),
                ElementsAre(StartsWith("PATH=/usr/"), "HOME=/", "LC_ALL=C.UTF-8"));
}

TEST(DifferingNames, AreFirstComponents) {
    EXPECT_THAT(differing_names("recv nginx/files/a b\nrecv nginx/\ndel. base/x\nrecv web1\n"),
                ElementsAre("base", "nginx", "web1"));
    EXPECT_THAT(differing_names(""), testing::IsEmpty());
    EXPECT_THAT([] { (void)differing_names("nonsense\n"); },
                ThrowsMessage<sys::Error>(HasSubstr("nonsense")));
}

struct FailureRow {
    const char* name;
    int exit;
    const char* error;
    FailureKind kind;
    const char* reason;
};
class Failure : public testing::TestWithParam<FailureRow> {};

TEST_P(Failure, FollowsTheTable) {
    const FailureRow& row = GetParam();
    sys::ProgramResult result;
    result.exit = row.exit;
    result.error = row.error;
    const RsyncFailure failure = explain_failure(result, parse_server_uri("rsync://h/u"), "module 'x'");
    EXPECT_EQ(failure.kind, row.kind);
    EXPECT_THAT(failure.message, AllOf(StartsWith("cannot fetch module 'x' from 'rsync://h/u': "),
                                       HasSubstr(row.reason), HasSubstr(row.error)));
}

using enum FailureKind;
INSTANTIATE_TEST_SUITE_P(
    Codes, Failure,
    testing::Values(
        FailureRow{"unknown_host", 10, "rsync: getaddrinfo: h 873: Name or service not known", unreachable,
                   "not known"},
        FailureRow{"refused_port", 10, "failed to connect to h: Connection refused (111)", unreachable,
                   "nothing answers"},
        FailureRow{"unreachable_net", 10, "failed to connect to h: Network is unreachable (101)", unreachable,
                   "network"},
        FailureRow{"cut_off", 12, "connection unexpectedly closed", unreachable, "cut off"},
        FailureRow{"io_timeout", 30, "io timeout after 7 seconds", unreachable, "too long"},
        FailureRow{"connect_timeout", 35, "timeout waiting for daemon connection", unreachable, "in time"},
        FailureRow{"vanished", 24, "file has vanished: \"/a\"", unreachable, "vanished"},
        FailureRow{"full", 11, "write failed on \"/s\": No space left on device (28)", unreachable, "full"},
        FailureRow{"full_partial", 23, "mkdir \"/s\" failed: No space left on device (28)", unreachable,
                   "full"},
        FailureRow{"read_error", 23, "read errors mapping \"/a\": Input/output error (5)", unreachable,
                   "disk"},
        FailureRow{"early_close", 5, "did not see server greeting", unreachable, "broke off"},
        FailureRow{"busy_server", 5, "@ERROR: max connections (2) reached -- try again later", busy,
                   "to spare"},
        FailureRow{"unknown_module", 5, "@ERROR: Unknown module 'x'", absent, "no rsync module"},
        FailureRow{"no_directory", 23, "change_dir \"/x\" failed: No such file or directory (2)", absent,
                   "not have it"},
        FailureRow{"no_base", 3, "change_dir \"/x/\" failed: No such file or directory (2)", absent,
                   "not have it"},
        FailureRow{"unreadable", 23, "opendir \"/x\" failed: Permission denied (13)", refused, "not be read"},
        FailureRow{"password", 5, "@ERROR: auth failed on module u", refused, "password"},
        FailureRow{"denied", 5, "@ERROR: access denied to u from h", refused, "this host"},
        FailureRow{"bad_path", 5, "@ERROR: chdir failed", refused, "directory"},
        FailureRow{"ssh_key", 255, "me@h: Permission denied (publickey).", refused, "not let in"},
        FailureRow{"ssh_host_key", 255, "Host key verification failed.", refused, "server's key"},
        FailureRow{"ssh_unknown_host", 255, "ssh: Could not resolve hostname h: x", unreachable, "not known"},
        FailureRow{"ssh_refused", 255, "ssh: connect to host h port 22: Connection refused", unreachable,
                   "could not connect"},
        FailureRow{"late_ssh_key", 12, "me@h: Permission denied (publickey,password).", refused,
                   "not let in"},
        FailureRow{"late_ssh_keys", 12, "Received disconnect: Too many authentication failures", refused,
                   "not let in"},
        FailureRow{"late_ssh_host_key", 12, "Host key verification failed.", refused, "server's key"},
        FailureRow{"late_ssh_unknown_host", 12, "ssh: Could not resolve hostname h: x", unreachable,
                   "not known"},
        FailureRow{"cut_off_after_unreadable", 12, "opendir \"/x\" failed: Permission denied (13)",
                   unreachable, "cut off"},
        FailureRow{"no_rsync_there", 127, "bash: rsync: command not found", refused, "no rsync"},
        FailureRow{"no_ssh_here", 14, "Failed to exec ssh: No such file or directory (2)", refused,
                   "no ssh on this machine"},
        FailureRow{"no_other_shell_here", 14, "Failed to exec rsh: No such file or directory (2)", refused,
                   "remote shell"},
        FailureRow{"bad_option", 1, "rsync: --x: unknown option", refused, "options"},
        FailureRow{"protocol", 2, "protocol version mismatch -- is your shell clean?", refused,
                   "understand one another"},
        FailureRow{"unheard_of", 77, "something new", unreachable, "rsync failed"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(FailureMessage, IsOneSafeLine) {
    sys::ProgramResult result;
    result.exit = 12;
    result.error = "first\n\n\x1b[31msecond\r\n";
    for (int i = 0; i < 100; ++i) result.error += "more\n";
    const RsyncFailure failure = explain_failure(result, parse_server_uri("/u"), "it");
    EXPECT_THAT(failure.message, AllOf(HasSubstr("(rsync: first | \\033[31msecond"), Not(HasSubstr("\n"))));
    EXPECT_LT(failure.message.size(), 300u);
}

TEST(FailureMessage, OfASignalAndOfSilence) {
    sys::ProgramResult killed;
    killed.signal = 9;
    EXPECT_THAT(explain_failure(killed, parse_server_uri("/u"), "it").message,
                HasSubstr("killed by signal 9"));
    sys::ProgramResult silent;
    silent.exit = 12;
    EXPECT_THAT(explain_failure(silent, parse_server_uri("/u"), "it").message,
                HasSubstr("nothing, exit code 12"));
}

TEST(FailureKinds, BecomeTheRightExceptions) {
    for (const FailureKind kind : {unreachable, busy})
        EXPECT_THROW(throw_failure({kind, "x"}), sys::TryAgain);
    for (const FailureKind kind : {absent, refused})
        EXPECT_THROW(throw_failure({kind, "x"}), sys::BadConfiguration);
}

} // namespace
} // namespace disco::fetch
