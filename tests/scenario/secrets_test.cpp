// Values below secrets/ reach scripts and files, and nothing that is shown or recorded.

#include "tests/support/build_tree.hpp"
#include "tests/support/rsync_daemon.hpp"
#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* secret = "correct-horse";

class Secrets : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        want("app");
        parameter("web1", "secrets/db/password", secret + std::string{"\n"});
        module_file("app", "templates/etc/app.conf",
                    "echo \"user = app\"\necho \"password = $(disco-param get secrets/db/password)\"\n");
    }

    /// All that a run can write, and all that is kept of it, in one text.
    [[nodiscard]] std::string all_of(const sys::ProgramResult& result) const {
        std::string text = result.output + result.error;
        for (const char* name : {"json", "html", "junit", "metrics"})
            text += sys::read_file_if_exists(place() / name).value_or("");
        for (const auto& entry : fs::recursive_directory_iterator{state() / "runs"})
            if (entry.is_regular_file()) text += sys::read_file(entry.path());
        return text;
    }
    [[nodiscard]] std::vector<std::string> every_report() const {
        return {"--json",  place() / "json",  "--html",        place() / "html",
                "--junit", place() / "junit", "--openmetrics", place() / "metrics"};
    }
    [[nodiscard]] sys::ProgramResult param(std::vector<std::string> words) const {
        words.insert(words.begin(), "param");
        words.insert(words.end(), {"--node", "web1", "--state-dir", state()});
        return disco(words);
    }
};

TEST_F(Secrets, ReachFilesAndNothingThatIsShown) {
    script("app", "10-use.sh",
           "p=$(disco-param get secrets/db/password)\necho \"it is $p\"\necho \"x${p}y\" >&2\n"
           "ln -s \"/srv/$p\" /etc/link\necho 1 > \"/etc/of-$p\"\nset -x\n: \"$p\"\n"
           "disco-defer mysql \"-p$p\"\ndisco-param dump\n");
    for (const char* detail : {"--verbose", "--diff", "--stat"}) {
        std::vector<std::string> options = every_report();
        options.emplace_back(detail);
        const auto result = noop(options);
        EXPECT_EQ(result.exit, 0) << result.error;
        EXPECT_THAT(all_of(result), AllOf(Not(HasSubstr(secret)), HasSubstr("***"))) << detail;
    }
    EXPECT_THAT(noop({"--diff"}).output, AllOf(HasSubstr("+user = app\n"), HasSubstr("+password = ***\n"),
                                               HasSubstr("mysql '-p***'")));
    script("app", "10-use.sh", "disco-param get secrets/db/password > /etc/secret\n");
    const auto merged = live({"--verbose"});
    EXPECT_EQ(merged.exit, 0) << merged.error;
    EXPECT_THAT(all_of(merged), Not(HasSubstr(secret)));
    EXPECT_EQ(read("etc/secret"), secret + std::string{"\n"});
    EXPECT_EQ(read("etc/app.conf"), "user = app\npassword = correct-horse\n");
}

/// Names of steps, attributes and packages; what disco quotes and cuts.
TEST_F(Secrets, AreMaskedInWhateverAScriptMakesOfThem) {
    parameter("web1", "secrets/phrase", "it's a \"pass\" phrase");
    put(root() / "var/lib/dpkg/status", "");
    script(
        "app", "10-use.sh",
        "p=$(disco-param get secrets/db/password)\nq=$(disco-param get secrets/phrase)\n"
        "disco-defer logger \"$p\"\ndisco-defer mail -s x \"Hello\n$q\"\n"
        "disco-defer echo $(printf 'a%.0s' {1..970}) \"before-$p-behind\"\n"
        "mkdir -p /srv\nexec 3>/srv/attributes\nsetfattr -n \"user.$p\" -v v /srv/attributes\n"
        "setfattr -n user.v -v \"$p\\0\" /srv/attributes\n"
        "printf 'Package: pkgx\\nStatus: install ok installed\\nVersion: 1.%s\\nArchitecture: all\\n' \"$p\" "
        ">/var/lib/dpkg/status\n"
        "for i in {1..20000}; do echo \"line $i $p\"; done\nprintf '     t-horse\\rcorrec\\n'\n");
    std::vector<std::string> options = every_report();
    options.emplace_back("--verbose");
    for (const bool is_live : {false, true}) {
        const auto result = is_live ? live(options) : noop(options);
        EXPECT_THAT(all_of(result),
                    AllOf(Not(HasSubstr("correct-")), Not(HasSubstr("t-horse*")), Not(HasSubstr("phrase")),
                          Not(HasSubstr("before-c")), HasSubstr("***")))
            << is_live;
    }
    EXPECT_THAT(sys::read_file_if_exists(state() / "verdicts").value_or(""), Not(HasSubstr("phrase")));
}

TEST_F(Secrets, ThatASavedPlanHoldsAreMaskedWhenItIsApplied) {
    script("app", "10-use.sh", "disco-defer /bin/sh -c \"echo correct-horse; exit 3\"\n");
    ASSERT_EQ(noop({"--save", place() / "plan"}).exit, 0);
    parameter("web1", "secrets/db/password", "another-one");
    ASSERT_EQ(noop().exit, 0);
    for (const fs::path& other : {state(), place() / "other"}) {
        const auto result = disco({"apply", "--noop", place() / "plan", "--state-dir", other});
        EXPECT_EQ(result.exit, 0) << result.error;
        EXPECT_THAT(result.output + result.error, AllOf(Not(HasSubstr(secret)), HasSubstr("***")));
    }
    const auto applied = disco({"apply", place() / "plan", "--state-dir", place() / "other"});
    EXPECT_EQ(applied.exit, 6) << applied.error;
    EXPECT_THAT(applied.output + applied.error, AllOf(Not(HasSubstr(secret)), HasSubstr("***")));
    EXPECT_THAT(applied.output, Not(HasSubstr("would execute"))) << "it is an action now";
}

/// The no-op that has seen the new one is not the run that replaces the old one.
TEST_F(Secrets, ThatAreReplacedAreMaskedUntilNoFileHoldsThem) {
    script("app", "10-use.sh", "ln -sfn \"/x/$(disco-param get secrets/db/password)\" /etc/link\n");
    ASSERT_EQ(live().exit, 0);
    parameter("web1", "secrets/db/password", "battery-staple");
    module_file("app", "templates/etc/app.conf", "echo \"pass $(disco-param get secrets/db/password)\"\n");
    for (int i = 0; i < 3; ++i) {
        const auto result = noop({"--diff"});
        EXPECT_THAT(all_of(result), AllOf(Not(HasSubstr(secret)), Not(HasSubstr("battery-staple")))) << i;
    }
    EXPECT_TRUE(fs::exists(state() / "former_secrets"));
    EXPECT_THAT(all_of(live({"--diff"})), Not(HasSubstr(secret)));
    EXPECT_FALSE(fs::exists(state() / "former_secrets"));
}

TEST_F(Secrets, AreNotShownToTheJournalOnRequestEither) {
    sys::ProgramSpec spec;
    spec.argv = {"sh", "-c",
                 R"(exec 3>&1; export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/3); exec "$@")", "-"};
    for (std::string& word : dance_words({"--noop", "--show-secrets"})) spec.argv.push_back(std::move(word));
    spec.environment = {"PATH=" + search_path};
    const auto result = sys::run_program(spec);
    EXPECT_EQ(result.exit, 64);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.error, HasSubstr("--show-secrets would show them to the journal"));
}

/// A value that is put into the wrong place.
TEST_F(Secrets, AreNotRepeatedByMessagesAboutParameters) {
    for (const std::string& line :
         {std::string{"secrets/k correct-horse"}, std::string{"correct-horse+/=x"}}) {
        sys::ProgramSpec spec;
        spec.argv = {disco_binary(), "param", "set", "-", "--node", "web1", "--state-dir", state()};
        spec.environment = {"PATH=" + search_path};
        spec.input = line + "\n";
        const auto result = sys::run_program(spec);
        EXPECT_EQ(result.exit, 78);
        EXPECT_THAT(result.error, AllOf(HasSubstr("line 1"), Not(HasSubstr(secret))));
    }
    const auto words = param({"set", "secrets/k", "correct-horse", "battery-staple"});
    EXPECT_EQ(words.exit, 64);
    EXPECT_THAT(words.error, AllOf(HasSubstr("in quotes"), Not(HasSubstr("battery"))));
}

TEST_F(Secrets, AreMaskedWhereTheyComeInPieces) {
    script("app", "10-use.sh", "printf 'now: corr'; sleep 0.2; printf 'ect-ho'; sleep 0.2; echo rse end\n");
    const auto result = noop();
    EXPECT_THAT(result.error, HasSubstr("app | now: *** end\n"));
    EXPECT_THAT(all_of(result), Not(HasSubstr("ho***")));
}

TEST_F(Secrets, OfAFailedScriptAreNotInItsReason) {
    script("app", "10-use.sh", "echo \"cannot log in with correct-horse\" >&2\nexit 3\n");
    std::vector<std::string> options = every_report();
    options.emplace_back("--quiet");
    const auto result = noop(options);
    EXPECT_EQ(result.exit, 4);
    EXPECT_THAT(result.output, HasSubstr("cannot log in with ***"));
    EXPECT_THAT(all_of(result), Not(HasSubstr(secret)));
}

TEST_F(Secrets, ThatAreReplacedAreMaskedToo) {
    ASSERT_EQ(live().exit, 0);
    parameter("web1", "secrets/db/password", "battery-staple");
    const auto result = noop({"--diff"});
    EXPECT_THAT(result.output, HasSubstr("      -password = ***\n      +password = ***\n"));
    EXPECT_THAT(all_of(result), AllOf(Not(HasSubstr(secret)), Not(HasSubstr("battery-staple"))));
    // One that was in the file before, and nobody knows.
    put(root() / "etc/app.conf", "user = app\npassword = written-by-hand\n");
    EXPECT_THAT(noop({"--diff"}).output, HasSubstr("      -password = ***\n      +password = ***\n"));
}

TEST_F(Secrets, AreShownOnRequestAndNotRecorded) {
    module_file("app", "attributes", "0600 root:root etc/key\n");
    module_file("app", "templates/etc/key", "echo key is $(disco-param get secrets/db/password)\n");
    std::vector<std::string> options = every_report();
    options.insert(options.end(), {"--show-secrets", "--diff"});
    const auto result = noop(options);
    EXPECT_THAT(result.output,
                AllOf(HasSubstr("+password = correct-horse\n"), HasSubstr("+key is correct-horse\n"),
                      Not(HasSubstr("content not shown"))));
    EXPECT_THAT(sys::read_file(place() / "json"), HasSubstr("key is correct-horse"));
    EXPECT_THAT(sys::read_file(place() / "html"), HasSubstr("key is correct-horse"));
    EXPECT_THAT(last_report().dump(), Not(HasSubstr(secret)));
    EXPECT_THAT(noop({"--diff"}).output,
                AllOf(HasSubstr("/etc/key   root:root 0600  21 B, content not shown (not for all to read)"),
                      Not(HasSubstr(secret))));
}

TEST_F(Secrets, OfTheLastFetchAreKeptOutOfOtherCommands) {
    ASSERT_EQ(live().exit, 0);
    const auto exec = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"exec", "--noop", "--diff", "--node", "web1", "--root", root(),
                                     "--state-dir", state()});
        return disco(words);
    };
    const std::vector<std::string> command = {"--", "sh", "-c", "cat /etc/app.conf; cp /etc/app.conf /etc/x"};
    const auto result = exec(command);
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_THAT(result.output, AllOf(HasSubstr("\npassword = ***\n"), HasSubstr("+password = ***\n")));
    EXPECT_THAT(all_of(result), Not(HasSubstr(secret)));
    std::vector<std::string> shown = command;
    shown.insert(shown.begin(), "--show-secrets");
    EXPECT_THAT(exec(shown).output,
                AllOf(HasSubstr("\npassword = correct-horse\n"), HasSubstr("+password = correct-horse\n")));
    const auto undone = disco({"rollback", "--diff", "--state-dir", state()});
    EXPECT_EQ(undone.exit, 0) << undone.error;
    EXPECT_THAT(all_of(undone), Not(HasSubstr(secret)));
}

TEST_F(Secrets, TooShortToBeMaskedAreRefused) {
    parameter("web1", "secrets/pin", "123\n");
    const auto result = noop();
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error, HasSubstr("parameter secrets/pin: no line of it has 4 characters"));
    const auto set = param({"set", "secrets/x", "123"});
    EXPECT_EQ(set.exit, 78);
    EXPECT_THAT(set.error, HasSubstr("parameter secrets/x: no line"));
    parameter("web1", "secrets/pin", "\n");
    EXPECT_EQ(noop().exit, 0) << "one that is empty needs no mask";
}

TEST_F(Secrets, AreParametersThatAreShownOnRequestAlone) {
    ASSERT_EQ(live().exit, 0);
    const auto refused = param({"get", "secrets/db/password"});
    EXPECT_EQ(refused.exit, 64);
    EXPECT_EQ(refused.output, "");
    EXPECT_THAT(refused.error, HasSubstr("parameter secrets/db/password is a secret, and is not shown: "
                                         "--show-secrets prints it"));
    EXPECT_EQ(param({"get", "web1/secrets/db/password"}).exit, 64);
    EXPECT_EQ(param({"get", "--show-secrets", "secrets/db/password"}).output, "correct-horse\n");
    EXPECT_THAT(param({"dump"}).output, HasSubstr("secrets/db/password = ***\n"));
    EXPECT_THAT(param({"dump", "--show-secrets", "secrets"}).output,
                HasSubstr("secrets/db/password = correct-horse\n"));
    EXPECT_THAT(param({"explain", "secrets/db/password"}).output, HasSubstr("secrets/db/password = ***"));
    EXPECT_EQ(param({"has", "secrets/db/password"}).exit, 0);
    ASSERT_EQ(param({"set", "secrets/own", "set-on-this-machine"}).exit, 0);
    script("app", "10-use.sh", "echo own is $(disco-param get secrets/own)\n");
    EXPECT_THAT(noop().error, HasSubstr("own is ***\n"));
}

TEST_F(Secrets, AreNotInTheJournal) {
    script("app", "10-use.sh", "ln -s x /etc/of-correct-horse\n");
    sys::ProgramSpec spec;
    spec.argv = {"sh", "-c", R"(export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec "$@")", "-"};
    for (std::string& word : dance_words({"--noop"})) spec.argv.push_back(std::move(word));
    spec.environment = {"PATH=" + search_path};
    const auto result = sys::run_program(spec);
    EXPECT_THAT(result.error, AllOf(HasSubstr("/etc/of-***"), Not(HasSubstr(secret))));
}

/// The shipped example of a server, with other paths.
TEST_F(Secrets, OfOtherNodesAreNotSentByTheServerOfTheExample) {
    parameter("web1", "inherits", "shop\n");
    parameter("shop", "secrets/shared", "group-secret");
    parameter("shop", "shop/port", "80");
    parameter("web2", "secrets/db/password", "of-another-node");
    put(place() / "nodes", "web1:first-password\nweb2:second-password\n", 0600);
    std::string options;
    std::istringstream example{sys::read_file(source_tree() / "docs/examples/rsyncd/rsyncd.conf")};
    for (std::string line; std::getline(example, line);)
        if (line.find(" = ") != std::string::npos && !line.starts_with('#') &&
            line.find("path =") == std::string::npos)
            options += line.find("secrets file") == std::string::npos
                           ? line + "\n"
                           : "secrets file = " + (place() / "nodes").string() + "\n";
    const RsyncDaemon daemon{{{"universe", universe(), options}}};
    put(place() / "password", "first-password\n", 0600);
    ASSERT_EQ(
        param({"set", "disco/client/cmds/rsync", "rsync --password-file=" + (place() / "password").string()})
            .exit,
        0);
    server = daemon.uri("universe");
    server.insert(server.find("127"), "web1@");
    const auto result = live();
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_EQ(read("etc/app.conf"), "user = app\npassword = correct-horse\n");
    const std::string dump = param({"dump", "--show-secrets"}).output;
    EXPECT_THAT(dump, AllOf(HasSubstr("shop/port = 80\n"), Not(HasSubstr("group-secret"))));
    server.replace(server.find("web1@"), 5, "web2@");
    const auto refused = noop();
    EXPECT_EQ(refused.exit, 78) << "the password is that of another node";
    EXPECT_THAT(refused.error, HasSubstr("auth failed"));
}

/// With keys of this machine, made for the test.
class EncryptedSecrets : public Secrets {
protected:
    void SetUp() override {
        Secrets::SetUp();
        if (IsSkipped()) return;
        need({"/usr/bin/age", "/usr/bin/gpg"});
        if (IsSkipped() || HasFatalFailure()) return;
        shell("age-keygen -o age.key 2>/dev/null; age-keygen -o other.key 2>/dev/null");
        ASSERT_EQ(param({"set", "disco/client/cmds/age",
                         "age --decrypt --identity " + (place() / "age.key").string()})
                      .exit,
                  0);
    }
    void TearDown() override {
        if (!IsSkipped()) shell("[ ! -d gnupg ] || gpgconf --homedir gnupg --kill all");
        Secrets::TearDown();
    }
    /// Its output.
    std::string shell(const std::string& text) const {
        sys::ProgramSpec spec;
        spec.argv = {"bash", "-c", "cd " + place().string() + "; " + text};
        spec.environment = {"PATH=" + search_path, "HOME=/nonexistent"};
        const auto result = sys::run_program(spec);
        EXPECT_EQ(result.exit, 0) << result.error;
        return result.output;
    }
    [[nodiscard]] std::string by_age(const std::string& text, const char* key = "age.key") const {
        return shell("printf %s '" + text + "' | age --encrypt --armor -r $(age-keygen -y " + key + ")");
    }
};

TEST_F(EncryptedSecrets, OfAgeAreDecryptedOnTheNode) {
    parameter("web1", "secrets/db/password", by_age(secret));
    std::vector<std::string> options = every_report();
    options.emplace_back("--verbose");
    const auto result = live(options);
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_EQ(read("etc/app.conf"), "user = app\npassword = correct-horse\n");
    EXPECT_THAT(all_of(result), Not(HasSubstr(secret)));
    EXPECT_EQ(param({"get", "--show-secrets", "secrets/db/password"}).output, "correct-horse\n");
    EXPECT_THAT(param({"dump"}).output, HasSubstr("secrets/db/password = ***\n"));
    EXPECT_THAT(noop().output, HasSubstr("in sync"));
    EXPECT_EQ(shell("grep -rl correct-horse state || true"), "") << "nothing keeps it";
}

TEST_F(EncryptedSecrets, OfOpenPgpAreDecryptedOnTheNode) {
    shell("mkdir -m 700 gnupg; gpg --homedir gnupg --batch --quiet --passphrase '' --quick-generate-key "
          "node@example.org default default never 2>/dev/null");
    parameter(
        "web1", "secrets/db/password",
        shell("printf %s correct-horse | gpg --homedir gnupg --batch --quiet --armor --trust-model always "
              "--encrypt -r node@example.org"));
    ASSERT_EQ(param({"set", "disco/client/cmds/gpg",
                     "gpg --batch --quiet --decrypt --homedir " + (place() / "gnupg").string()})
                  .exit,
              0);
    const auto result = live({"--verbose"});
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_EQ(read("etc/app.conf"), "user = app\npassword = correct-horse\n");
    EXPECT_THAT(all_of(result), Not(HasSubstr(secret)));
    shell("gpgconf --homedir gnupg --kill all");
    wait_for_orphans();
}

TEST_F(EncryptedSecrets, AreInNoArgumentAndNoEnvironment) {
    put(place() / "decrypt",
        "#!/bin/bash\nexec 9>>" + (place() / "seen").string() +
            "\ntr '\\0' '\\n' </proc/self/environ >&9\ntr '\\0' '\\n' </proc/$PPID/cmdline >&9\n"
            "printf '%s\\n' \"$@\" >&9\nage --decrypt --identity " +
            (place() / "age.key").string() + "\n",
        0755);
    ASSERT_EQ(param({"set", "disco/client/cmds/age", (place() / "decrypt").string() + " 'two words'"}).exit,
              0);
    parameter("web1", "secrets/db/password", by_age(secret));
    EXPECT_EQ(live().exit, 0);
    EXPECT_EQ(read("etc/app.conf"), "user = app\npassword = correct-horse\n");
    EXPECT_THAT(sys::read_file(place() / "seen"),
                AllOf(HasSubstr("\ntwo words\n"), Not(HasSubstr(secret)), Not(HasSubstr("AGE ENCRYPTED"))));
}

TEST_F(EncryptedSecrets, ThatCannotBeDecryptedAreAllNamed) {
    parameter("web1", "secrets/db/password", by_age(secret, "other.key"));
    parameter("web1", "secrets/two", by_age("another-one", "other.key"));
    const auto result = noop();
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error,
                AllOf(HasSubstr("cannot decrypt parameter secrets/db/password: `age --decrypt "),
                      HasSubstr("no identity matched any of the recipients"),
                      HasSubstr("cannot decrypt parameter secrets/two: "),
                      HasSubstr("set the command that has the key in disco/client/cmds/age")));
    ASSERT_EQ(param({"set", "disco/client/cmds/age", "/nowhere/age"}).exit, 0);
    EXPECT_THAT(noop().error,
                HasSubstr("install the package age, or set the command in disco/client/cmds/age"));
}

TEST_F(EncryptedSecrets, AreShortOnlyWhenTheyAreDecrypted) {
    parameter("web1", "secrets/pin", by_age("123"));
    const auto result = noop();
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error, HasSubstr("parameter secrets/pin: no line of it has 4 characters"));
}

/// Without the key nobody knows what would have to be masked.
TEST_F(EncryptedSecrets, WhoseKeyIsGoneKeepAllContentFromBeingShown) {
    parameter("web1", "secrets/db/password", by_age(secret));
    ASSERT_EQ(live().exit, 0);
    fs::remove(place() / "age.key");
    const std::vector<std::string> exec = {"exec",        "--noop", "--node", "web1", "--root",       root(),
                                           "--state-dir", state(),  "--",     "cat",  "/etc/app.conf"};
    const auto refused = disco(exec);
    EXPECT_EQ(refused.exit, 78);
    EXPECT_THAT(refused.error, AllOf(HasSubstr("the node's secrets cannot be masked in what is shown: cannot "
                                               "decrypt parameter secrets/db/password"),
                                     HasSubstr("--show-secrets goes on without")));
    const auto undone = disco({"rollback", "--diff", "--state-dir", state()});
    EXPECT_EQ(undone.exit, 0) << undone.error;
    EXPECT_FALSE(fs::exists(root() / "etc/app.conf")) << "an undo must not fail for want of a key";
    EXPECT_THAT(all_of(undone), Not(HasSubstr(secret)));
    // The server's mended copy counts, not the last one.
    parameter("web1", "secrets/db/password", "plain-again");
    const auto mended = live({"--diff"});
    EXPECT_EQ(mended.exit, 0) << mended.error;
    EXPECT_THAT(mended.output, HasSubstr("+password = ***\n"));
}

} // namespace
} // namespace disco::tests
