// disco policy: what is in force, and what it says of a command.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class Policy : public DanceTest {};

TEST_F(Policy, ShowPrintsWhatIsInForce) {
    const auto all = disco({"policy", "show"});
    EXPECT_EQ(all.exit, 0) << all.error;
    for (const char* text :
         {"profile template  (", "profile strict  (", "profile simulate  (", "profile live  (",
          "reboot=EPERM", "guarded commands", "  systemctl  (abbreviated options)  # ", "-q/--quiet",
          "    query  is-active|check UNITGLOB...  # ", "  halt, poweroff, reboot  # ",
          "  udevadm info  (abbreviated options)", "           queues: systemctl [--no-block] start UNIT...",
          "guarded.d/systemd:", "  units nftables.service ", "    change packet-filter, ipsets\n"})
        EXPECT_THAT(all.output, HasSubstr(text));
    const auto live = disco({"policy", "show", "live"});
    EXPECT_THAT(live.output, HasSubstr("SYS_CHROOT"));
    EXPECT_THAT(live.output, Not(HasSubstr("profile strict")));
    const auto none = disco({"policy", "show", "lax"});
    EXPECT_EQ(none.exit, 78);
    EXPECT_THAT(none.error, HasSubstr("there is no profile 'lax'"));
}

TEST_F(Policy, CheckSaysWhatEachProfileDoesAndWhy) {
    const auto query = disco({"policy", "check", "--", "systemctl", "is-active", "nginx"});
    EXPECT_EQ(query.exit, 0) << query.error;
    EXPECT_THAT(query.output,
                HasSubstr("strict    asks the host, read-only, and hands its answer over  (query, "));
    EXPECT_THAT(query.output, HasSubstr("guarded.d/systemd:"));
    EXPECT_THAT(query.output, HasSubstr("  about     services of nginx.service\n"));
    const auto action = disco({"policy", "check", "reboot"});
    EXPECT_THAT(action.output, HasSubstr("simulate  reports it, and succeeds  (action, "));
    EXPECT_THAT(action.output, HasSubstr("live      queues it; it runs after the merge"));
    const auto words = disco({"policy", "check", "systemctl -o cat enable --now x"});
    for (const char* text :
         {"    -o                   option --output\n",
          "    cat                  the value of --output: WORD\n", "    enable               this word\n",
          "    x                    UNIT: ", "  form      view systemctl enable --now UNIT...  (",
          "  runs      SYSTEMD_OFFLINE=1 systemctl --output=cat enable -- x\n",
          "  queues    systemctl start x\n", "  units     x.service\n",
          "  changes   services of x.service; processes of x; sockets\n",
          "  strict    runs it in the sandbox  (view, "})
        EXPECT_THAT(words.output, HasSubstr(text));
    const auto unknown = disco({"policy", "check", "systemctl", "list-foo"});
    EXPECT_EQ(unknown.exit, 0) << unknown.error;
    EXPECT_THAT(unknown.output, HasSubstr("  form      none fits\n"));
    EXPECT_THAT(unknown.output, HasSubstr("form query systemctl list-foo\n"));
    EXPECT_THAT(unknown.output, HasSubstr("  live      refuses it, and says so  (refuse, no form fits)"));
    EXPECT_THAT(disco({"policy", "check", "ls"}).output,
                HasSubstr("strict    runs it in the sandbox: it is in restricted.d"));
    EXPECT_THAT(
        disco({"policy", "check", "--", "useradd", "-m", "x"}).output,
        HasSubstr("strict    reports it, and succeeds: it is not in restricted.d (auto: simulate instead)"));
    EXPECT_THAT(disco({"policy", "check", "systemctl restart 'x'"}).output,
                HasSubstr("live      queues it; it runs after the merge"));
    EXPECT_EQ(disco({"policy", "check"}).exit, 64);
}

TEST_F(Policy, RememberedScriptsAreListedAndForgotten) {
    script("m", "10-x.sh", "cd /etc\n");
    want("m");
    EXPECT_EQ(noop().exit, 0);
    const auto listed = disco({"policy", "check", "--scripts", "--state-dir", state()});
    EXPECT_THAT(listed.output, HasSubstr("  m/scripts/10-x.sh  simulate: restricted shell refused: "));
    EXPECT_THAT(disco({"policy", "check", "--scripts", "--forget", "--state-dir", state()}).output,
                HasSubstr("1 forgotten\n"));
    EXPECT_THAT(disco({"policy", "check", "--scripts", "--state-dir", state()}).output,
                HasSubstr("no verdict on a script is remembered\n"));
}

/// The administrator's files, in a mount namespace of the test's own.
TEST_F(Policy, AReplacedFileCountsAndABadOneStopsEverything) {
    script("m", "10-x.sh", "echo ran > /etc/ran\n");
    want("m");
    const auto with_policy = [&](const std::string& file, const std::string& text,
                                 std::vector<std::string> words) {
        const std::string lower = place() / "etc-upper", work = place() / "etc-work";
        put(place() / "policy-file", text);
        const std::string script_text =
            "set -e; mkdir -p " + lower + " " + work + "; mount -t tmpfs t " + lower + "; mkdir " + lower +
            "/u " + lower + "/w; mount -t overlay o -o lowerdir=/etc,upperdir=" + lower +
            "/u,workdir=" + lower + "/w /etc; install -D " + (place() / "policy-file").native() +
            " /etc/disco/policy/" + file + "; exec \"$@\"";
        std::vector<std::string> argv = {"/usr/bin/unshare", "--mount", "bash",        "-c",
                                         script_text,        "bash",    disco_binary()};
        argv.insert(argv.end(), words.begin(), words.end());
        return sys::run_program({.argv = argv,
                                 .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                                 .input = {},
                                 .timeout = std::chrono::seconds{60}});
    };
    const auto replaced = with_policy("guarded.d/systemd", "form refuse systemctl [ANY...]\n",
                                      {"policy", "check", "systemctl", "x"});
    EXPECT_THAT(replaced.output,
                HasSubstr("refuses it, and says so  (refuse, /etc/disco/policy/guarded.d/systemd:1)"))
        << replaced.error;
    const auto added = with_policy("guarded.d/own", "# mine\nform query systemctl list-foo\n",
                                   {"policy", "check", "--", "systemctl", "-q", "list-foo"});
    EXPECT_THAT(added.output, HasSubstr("  asks      systemctl --quiet list-foo\n")) << added.error;
    EXPECT_THAT(added.output, HasSubstr("(query, /etc/disco/policy/guarded.d/own:2)"));
    const std::vector<std::string> dance = {"dance", "--noop", "--server", server,        "--node",
                                            node,    "--root", root(),     "--state-dir", state()};
    const auto bad_profile =
        with_policy("profiles/live.json", "{\n\"calls\": {\"allow\": {\"\": [\"raed\"]}}}\n", dance);
    EXPECT_EQ(bad_profile.exit, 78) << bad_profile.output;
    EXPECT_THAT(bad_profile.error,
                HasSubstr("/etc/disco/policy/profiles/live.json:2: 'raed': there is no such system call"));
    const auto bad_table = with_policy("guarded.d/own", "\nquerry ls\n", dance);
    EXPECT_EQ(bad_table.exit, 78) << bad_table.output;
    EXPECT_THAT(bad_table.error,
                HasSubstr("/etc/disco/policy/guarded.d/own:2: 'querry' stands in no grammar"));
    const auto overlap = with_policy("guarded.d/own", "form query systemctl restart UNIT\n", dance);
    EXPECT_EQ(overlap.exit, 78) << overlap.output;
    EXPECT_THAT(overlap.error,
                HasSubstr("/etc/disco/policy/guarded.d/own:1: 'query systemctl restart UNIT' overlaps "
                          "'action systemctl restart UNITGLOB...' at "));
    const auto bad_list = with_policy("restricted.d/own", "/bin/ls\n", dance);
    EXPECT_EQ(bad_list.exit, 78) << bad_list.output;
    EXPECT_THAT(bad_list.error, HasSubstr("/etc/disco/policy/restricted.d/own:1"));
}

} // namespace
} // namespace disco::tests
