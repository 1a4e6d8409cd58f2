// Pages: of a run, as it is written, and of many, as they are collected.

#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Html : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        want("m");
        module_file("m", "files/etc/x", "x\n");
    }
    [[nodiscard]] sys::ProgramResult report(std::vector<std::string> words) const {
        words.insert(words.begin(), {"report", "--state-dir", state()});
        return disco(words);
    }
    [[nodiscard]] std::string page(const char* name) const { return sys::read_file(place() / name); }
    /// Into place()/site.
    [[nodiscard]] sys::ProgramResult site(std::vector<std::string> words = {}) const {
        words.insert(words.begin(), {"--site", place() / "site"});
        return report(words);
    }
    [[nodiscard]] std::size_t pages() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator{place() / "site/runs"})
            count += entry.is_regular_file();
        return count;
    }
    /// A report of another node, which ran just now.
    void collect(const fs::path& file, const std::string& name) const {
        nlohmann::json run = last_report();
        run["run"]["node"] = name;
        fs::create_directories(file.parent_path());
        // In the lines that the program writes.
        sys::write_file(file, run.dump() + "\n", 0600);
    }
};

TEST_F(Html, IsWrittenByARunAndLaterTheSame) {
    const auto result = noop({"--html", place() / "page", "--json", place() / "json"});
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_THAT(page("page"), AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("<code>/etc/x</code>"),
                                    EndsWith("</html>\n")));
    EXPECT_EQ(fs::status(place() / "page").permissions(), fs::perms::owner_read | fs::perms::owner_write);
    // A report holds times to a microsecond.
    const auto without_times = [](const std::string& text) {
        return text.substr(0, text.find("id=\"times\""));
    };
    const std::string expected = without_times(page("page"));
    EXPECT_EQ(without_times(report({"--html"}).output), expected);
    EXPECT_EQ(without_times(report({place() / "json", "--html"}).output), expected) << "outside of the state";
}

TEST_F(Html, ShowsWhichModuleComesAfterWhich) {
    module_file("m", "requires", "base\n");
    module_file("base", "files/etc/base", "x\n");
    EXPECT_EQ(noop({"--html", place() / "page"}).exit, 0);
    EXPECT_THAT(page("page"), AllOf(HasSubstr("<li>m <span class=\"muted\">comes after</span> base</li>"),
                                    HasSubstr("~ base</text>")));
    EXPECT_EQ(last_report().at("modules").at(1).at("requires"), nlohmann::json::array({"base"}));
}

TEST_F(Html, OnStandardOutputIsNothingElse) {
    const auto result = noop({"--html", "-"});
    EXPECT_THAT(result.output, AllOf(StartsWith("<!DOCTYPE html>"), EndsWith("</html>\n")));
    EXPECT_THAT(result.error, HasSubstr("1 change"));
}

TEST_F(Html, SaysFirstWhyAModuleFailed) {
    script("m", "10-fail", "#!/bin/bash\necho '<b>no such thing</b>'\nexit 3\n");
    EXPECT_EQ(live({"--html", place() / "page"}).exit, 4);
    const std::string text = page("page");
    EXPECT_THAT(text, HasSubstr("&lt;b&gt;no such thing&lt;/b&gt;"));
    EXPECT_LT(text.find("no such thing"), text.find("id=\"changes\""));
}

TEST_F(Html, TakesNamesOfFilesForText) {
    script("m", "10-names", "#!/bin/bash\n: > '/etc/<script>alert(1)'\n: > $'/etc/a\"b\\'\\x1b[2J\\xff'\n");
    const auto result = noop({"--html", place() / "page"});
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_THAT(page("page"), AllOf(HasSubstr("&lt;script&gt;alert(1)"), Not(HasSubstr("<script>alert")),
                                    HasSubstr("a\\&quot;b&#39;\\033[2J\\377")));
}

TEST_F(Html, ThatCannotBeWrittenIsRefusedBeforeAnythingIsDone) {
    const auto result = live({"--html", place() / "no/such/file"});
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error, HasSubstr("no/such/file"));
    EXPECT_FALSE(fs::exists(root() / "etc/x"));
}

TEST_F(Html, SiteHasAPageForEachRun) {
    ASSERT_EQ(noop().exit, 0);
    ASSERT_EQ(live().exit, 0);
    const auto result = site();
    EXPECT_EQ(result.exit, 0) << result.error;
    EXPECT_THAT(result.output, EndsWith("site/index.html: 1 node, 2 runs, 2 pages written\n"));
    EXPECT_EQ(pages(), 2U);
    EXPECT_THAT(page("site/index.html"),
                AllOf(HasSubstr("<b>1</b> <span class=\"good\">✓ clean"), HasSubstr("web1")));
    EXPECT_THAT(site().output, HasSubstr("0 pages written")) << "nothing has changed";
    EXPECT_EQ(fs::status(place() / "site").permissions(), fs::perms::owner_all);
}

TEST_F(Html, SiteRemovesOnlyItsOwnFiles) {
    ASSERT_EQ(noop().exit, 0);
    ASSERT_EQ(noop().exit, 0);
    fs::create_directories(place() / "site/runs");
    fs::permissions(place() / "site", fs::perms{0750});
    sys::write_file(place() / "site/runs/mine.html", "mine", 0600);
    ASSERT_EQ(site().exit, 0);
    EXPECT_EQ(pages(), 3U);
    EXPECT_EQ(fs::status(place() / "site/index.html").permissions(), fs::perms{0640}) << "as the directory";
    fs::remove_all(fs::directory_iterator { state() / "runs" } -> path());
    EXPECT_EQ(site().exit, 0);
    EXPECT_EQ(pages(), 2U);
    EXPECT_EQ(page("site/runs/mine.html"), "mine");
    // What the list names is removed only if it is a page.
    sys::write_file(place() / "site/.disco-site", "../keep x\nruns/../../keep.html x\n/etc/x x\n", 0600);
    sys::write_file(place() / "keep.html", "", 0600);
    EXPECT_EQ(site().exit, 0);
    EXPECT_TRUE(fs::exists(place() / "keep.html"));
}

TEST_F(Html, SiteOfCollectedReportsNamesThoseThatCannotBeRead) {
    ASSERT_EQ(noop().exit, 0);
    const fs::path collected = place() / "collected";
    collect(collected / "a.json", "a");
    collect(collected / "b/runs/x/report.json", "b");
    collect(collected / "c/report.json", "<c>");
    sys::write_file(collected / "damaged.json", "{\"schema\":1,", 0600);
    sys::write_file(collected / "later.json", "{\"schema\":2}", 0600);
    sys::write_file(collected / "empty.json", "", 0600);
    ASSERT_EQ(::mkfifo((collected / "fifo.json").c_str(), 0600), 0);
    fs::create_symlink("/etc/passwd", collected / "link.json");
    const auto result = site({collected, place() / "missing"});
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.output, HasSubstr("3 nodes, 3 runs, 3 pages written"));
    const std::string index = page("site/index.html");
    for (const char* name : {"damaged.json", "later.json", "empty.json", "missing"}) {
        EXPECT_THAT(result.error, HasSubstr(name));
        EXPECT_THAT(index, HasSubstr(name));
    }
    EXPECT_THAT(index, AllOf(HasSubstr("its schema is 2, this version reads 1"), HasSubstr("&lt;c&gt;"),
                             Not(HasSubstr("<c>")), HasSubstr("<b>3</b> <span class=\"wait\">~ pending")));
    EXPECT_THAT(result.error, Not(HasSubstr("link.json")));
}

/// What a machine has sent is that machine's to choose.
TEST_F(Html, SiteOutlivesHostileReports) {
    ASSERT_EQ(noop().exit, 0);
    const fs::path collected = place() / "collected";
    collect(collected / "good/report.json", "good");
    collect(collected / "fifo/report.json", "fifo");
    ASSERT_EQ(::mkfifo((collected / "fifo/verbose.json").c_str(), 0600), 0);
    collect(collected / "link/report.json", "link");
    collect(place() / "elsewhere.json", "secret-node");
    fs::create_symlink(place() / "elsewhere.json", collected / "link/verbose.json");
    collect(collected / "a/report.json", "a");
    ASSERT_EQ(site({collected}).exit, 0) << "which has no need of verbose.json";
    EXPECT_EQ(pages(), 4U);
    const auto verbose = site({collected, "--verbose"});
    EXPECT_EQ(verbose.exit, 78);
    EXPECT_THAT(verbose.error, AllOf(HasSubstr("fifo/verbose.json"), HasSubstr("link/verbose.json"),
                                     HasSubstr("it is a link, or no regular file")));
    EXPECT_THAT(verbose.output, HasSubstr("2 nodes, 2 runs"));
    for (const auto& entry : fs::directory_iterator{place() / "site/runs"})
        EXPECT_THAT(sys::read_file(entry.path()), Not(HasSubstr("secret-node")));
    EXPECT_EQ(report({collected / "link", "--html", "-"}).exit, 78);
}

TEST_F(Html, SiteKeepsPagesWhoseReportsItCannotLookFor) {
    ASSERT_EQ(noop().exit, 0);
    const fs::path collected = place() / "collected";
    collect(collected / "report.json", "a");
    ASSERT_EQ(site({collected}).exit, 0);
    EXPECT_EQ(pages(), 1U);
    EXPECT_EQ(site({place() / "not-mounted"}).exit, 78);
    EXPECT_EQ(pages(), 1U);
}

TEST_F(Html, SiteFollowsNothingInItsDirectory) {
    ASSERT_EQ(noop().exit, 0);
    fs::create_directories(place() / "site");
    ASSERT_EQ(::mkfifo((place() / "site/.disco-site").c_str(), 0600), 0);
    EXPECT_EQ(site().exit, 78);
    fs::remove(place() / "site/.disco-site");
    fs::create_directories(place() / "outside");
    fs::create_directory_symlink(place() / "outside", place() / "site/runs");
    const auto result = site();
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error, HasSubstr("is no directory, so disco did not write it"));
    EXPECT_TRUE(fs::is_empty(place() / "outside"));
}

/// One node cannot take the page of another one's run by choosing its names.
TEST_F(Html, SiteLetsNoNodeTakeAnothersPage) {
    ASSERT_EQ(noop().exit, 0);
    const auto forge = [&](const char* file, const char* of_node, const char* id) {
        nlohmann::json run = last_report();
        run["run"]["node"] = of_node;
        run["run"]["id"] = id;
        put(place() / "collected" / file, run.dump() + "\n");
    };
    forge("1.json", "a", "b-20260131T235959.123Z-0a1b2c");
    forge("2.json", "a-b", "20260131T235959.123Z-0a1b2c");
    EXPECT_EQ(site({place() / "collected"}).exit, 0);
    EXPECT_EQ(pages(), 2U);
}

TEST_F(Html, ReportsOfOthersPrintNoControlCharacters) {
    ASSERT_EQ(noop().exit, 0);
    nlohmann::json run = last_report();
    for (const char* key : {"id", "command", "started", "disco_version"})
        run["run"][key] = "x\x1b[31m\nforged";
    run["fingerprint"] = "\a";
    put(place() / "r.json", run.dump());
    for (const char* format : {"--junit", "--openmetrics", "--html"})
        EXPECT_THAT(report({place() / "r.json", format}).output,
                    Not(AnyOf(HasSubstr("\x1b"), HasSubstr("\nforged"))))
            << format;
    EXPECT_THAT(report({place() / "r.json"}).output, Not(AnyOf(HasSubstr("\x1b"), HasSubstr("\nforged"))));
    run = last_report();
    run["run"]["mode"] = "\x1b[31m\nforged";
    put(place() / "r.json", run.dump());
    EXPECT_EQ(report({place() / "r.json"}).error.find('\x1b'), std::string::npos);
}

TEST_F(Html, SiteCountsNodesThatAreSilent) {
    ASSERT_EQ(noop().exit, 0);
    nlohmann::json run = last_report();
    run["run"]["started"] = "2020-01-01T00:00:00Z";
    sys::write_file(place() / "old.json", run.dump(), 0600);
    EXPECT_EQ(site({place() / "old.json"}).exit, 0);
    EXPECT_THAT(page("site/index.html"), HasSubstr("<b>1</b> <span class=\"none\">? unreported"));
    EXPECT_EQ(site({place() / "old.json", "--unreported-after", "5000w"}).exit, 0);
    EXPECT_THAT(page("site/index.html"), HasSubstr("<b>0</b> <span class=\"none\">? unreported"));
    EXPECT_EQ(site({"--unreported-after", "soon"}).exit, 64);
}

TEST_F(Html, SiteIsNotPutOverSomebodyElses) {
    fs::create_directories(place() / "site");
    sys::write_file(place() / "site/index.html", "mine", 0600);
    const auto result = site();
    EXPECT_EQ(result.exit, 78);
    EXPECT_THAT(result.error, HasSubstr("name another directory"));
    EXPECT_EQ(page("site/index.html"), "mine");
    sys::write_file(place() / "file", "", 0600);
    EXPECT_EQ(report({"--site", place() / "file"}).exit, 4);
}

TEST_F(Html, ReportOfAPathIsReadOrNamedInOneLine) {
    ASSERT_EQ(noop().exit, 0);
    const fs::path run = fs::directory_iterator { state() / "runs" } -> path();
    EXPECT_THAT(report({run}).output, HasSubstr("/etc/x"));
    EXPECT_THAT(report({run / "report.json"}).output, HasSubstr("/etc/x"));
    for (const auto& [text, said] : {std::pair{"", "it is damaged"},
                                     {"{}", "no report of disco"},
                                     {"[1]", "no report of disco"},
                                     {"\x7f"
                                      "ELF",
                                      "it is damaged"},
                                     {"{\"schema\":7}", "its schema is 7"}}) {
        sys::write_file(place() / "other", text, 0600);
        const auto result = report({place() / "other"});
        EXPECT_EQ(result.exit, 78);
        EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
        EXPECT_THAT(result.error, AllOf(HasSubstr("other"), HasSubstr(said)));
    }
    EXPECT_THAT(report({"/dev/null"}).error, HasSubstr("neither a report nor the directory of a run"));
    EXPECT_THAT(report({place() / "missing"}).error, HasSubstr("No such file or directory"));
}

} // namespace
} // namespace disco::tests
