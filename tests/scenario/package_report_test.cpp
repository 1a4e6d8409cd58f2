// What a report says of files that packages own.

#include "tests/support/throw_away.hpp"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* info = "var/lib/dpkg/info/";

/// A tree with a data base of dpkg's, and a module that does what installing, upgrading and removing does to
/// it.
class PackageReport : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        put(root() / info / "old.list", "/.\n/usr/share/old\n/usr/share/old/text\n/etc/old.conf\n/bin/old\n");
        put(root() / "usr/share/old/text", "old text\n");
        put(root() / "usr/bin/old", "#!/bin/sh\n# old program\n", 0755);
        put(root() / "etc/old.conf", "old configuration\n");
        put(root() / info / "gone.list", "/usr/share/gone\n");
        put(root() / "usr/share/gone", "gone text\n");
        put(root() / "usr/share/own", "own text\n");
        script("m", "10-packages.sh",
               "#!/bin/bash\nset -e\n"
               "echo newer text >/usr/share/old/text\n"
               "echo '# newer program' >>/usr/bin/old\n"
               "echo newer configuration >/etc/old.conf\n"
               "rm /var/lib/dpkg/info/gone.list /usr/share/gone\n"
               "printf '/usr/share/new text\\n' >/var/lib/dpkg/info/new:amd64.list\n"
               "echo new text >'/usr/share/new text'\n"
               "echo newer own text >/usr/share/own\n");
        want("m");
    }
    /// Of a change: "old 9 B" and what it says of the content.
    static std::string said(const json& report, const std::string& module, const std::string& path) {
        const json changes = module_of(report, module).at("changes");
        for (const json& change : changes) {
            if (change.at("path") != path) continue;
            const json& state = change.at("after").is_null() ? change.at("before") : change.at("after");
            EXPECT_TRUE(state.at("sha256").is_string()) << path;
            EXPECT_GT(state.at("size"), 0) << path;
            EXPECT_FALSE(change.at("binary")) << path;
            EXPECT_FALSE(change.at("redacted")) << path;
            return (change.at("package").is_null() ? "nobody" : change.at("package").get<std::string>()) +
                   (change.at("diff").is_null() ? ", left out" : ", shown");
        }
        return "no change";
    }
    static void expect_contents(const json& report, const std::string& module, bool verbose) {
        const std::string of_package = verbose ? ", shown" : ", left out";
        EXPECT_EQ(said(report, module, "/usr/share/old/text"), "old" + of_package);
        EXPECT_EQ(said(report, module, "/usr/bin/old"), "old" + of_package);
        EXPECT_EQ(said(report, module, "/usr/share/gone"), "gone" + of_package);
        EXPECT_EQ(said(report, module, "/usr/share/new text"), "new:amd64" + of_package);
        EXPECT_EQ(said(report, module, "/var/lib/dpkg/info/new:amd64.list"), "new:amd64" + of_package);
        EXPECT_EQ(said(report, module, "/var/lib/dpkg/info/gone.list"), "gone" + of_package);
        EXPECT_EQ(said(report, module, "/etc/old.conf"), "nobody, shown");
        EXPECT_EQ(said(report, module, "/usr/share/own"), "nobody, shown");
    }
    static auto shows_all() {
        return AllOf(HasSubstr("newer text"), HasSubstr("newer program"), HasSubstr("newer configuration"),
                     HasSubstr("gone text"), HasSubstr("new text"), HasSubstr("newer own text"));
    }
    /// A command on the state and nothing else.
    [[nodiscard]] std::string output_of(std::vector<std::string> words) const {
        words.insert(words.end(), {"--state-dir", state()});
        const auto result = disco(std::move(words));
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        return result.output;
    }
    [[nodiscard]] json file(const std::string& name) const {
        return json::parse(sys::read_file(place() / name));
    }
};

TEST_F(PackageReport, LeavesTheirContentOutUnlessItIsAskedFor) {
    const auto shortly = live({"--json", place() / "short", "--diff"});
    ASSERT_EQ(shortly.exit, 0) << shortly.output << shortly.error;
    EXPECT_THAT(shortly.output, shows_all());
    expect_contents(file("short"), "m", false);
    EXPECT_EQ(last_report(), file("short"));
    expect_contents(json::parse(output_of({"report", "--json", "-"})), "m", false);
    EXPECT_THAT(output_of({"report", "--diff"}), shows_all());
    expect_contents(json::parse(output_of({"report", "--json", "-", "--verbose"})), "m", true);
}

TEST_F(PackageReport, ShowsAllWithVerbose) {
    const auto result = noop({"--json", place() / "all", "--verbose"});
    ASSERT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_THAT(result.output, shows_all());
    expect_contents(file("all"), "m", true);
    expect_contents(last_report(), "m", false);
}

TEST_F(PackageReport, ARollbackPutsBackAndShowsAll) {
    const Snapshot before = contents(root());
    ASSERT_EQ(live().exit, 0);
    const std::string run = last_report().at("run").at("id");
    EXPECT_THAT(output_of({"rollback", "--diff", "--json", place() / "back"}), shows_all());
    EXPECT_EQ(difference(before, contents(root())), "");
    expect_contents(file("back"), "rollback of " + run, false);
}

TEST_F(PackageReport, OfASavedPlanShowsAll) {
    ASSERT_EQ(noop({"--save", place() / "plan"}).exit, 0);
    EXPECT_THAT(output_of({"apply", place() / "plan", "--diff", "--json", place() / "applied"}), shows_all());
    expect_contents(file("applied"), "m", false);
    EXPECT_EQ(read("usr/share/new text"), "new text\n");
}

TEST_F(PackageReport, LaterModulesKnowWhatEarlierOnesInstalled) {
    script("n", "10-change.sh",
           "#!/bin/bash\necho other >'/usr/share/new text'; echo x >/usr/share/nobodys\n");
    module_file("n", "requires", "m\n");
    want("n");
    ASSERT_EQ(live().exit, 0);
    EXPECT_EQ(said(last_report(), "n", "/usr/share/new text"), "new:amd64, left out");
    EXPECT_EQ(said(last_report(), "n", "/usr/share/nobodys"), "nobody, shown");
}

/// No second file is stored, and lists that are none do not matter.
TEST_F(PackageReport, WithoutPackagesIsWhole) {
    fs::remove_all(root() / info);
    script("m", "10-packages.sh",
           "#!/bin/bash\nset -e\nmkdir -p /var/lib/dpkg/info/directory.list\n"
           "ln -s /etc/passwd /var/lib/dpkg/info/link.list\nmkfifo /var/lib/dpkg/info/fifo.list\n"
           "echo newer own text >/usr/share/own\n");
    ASSERT_EQ(live().exit, 0);
    const json report = last_report();
    EXPECT_EQ(said(report, "m", "/usr/share/own"), "nobody, shown");
    EXPECT_FALSE(fs::exists(state() / "runs" / report.at("run").at("id") / "verbose.json"));
}

} // namespace
} // namespace disco::tests
