// The page of one run: what it holds, in which order, and that nothing in a report becomes markup.

#include "runner/report/html_report.hpp"
#include "runner/report/html_writer.hpp"
#include "tests/support/example_run.hpp"
#include "tests/support/golden.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string page_of(const tests::ExampleRun& example, Contents contents = Contents::short_) {
    return tests::collected(
        [&](const auto& write) { write_html_report(example.run, example.changes, contents, write); });
}

/// Without style and script, which are files of their own.
std::string body_of(const tests::ExampleRun& example, Contents contents = Contents::short_) {
    std::string page = page_of(example, contents);
    page.erase(0, page.find("<body>"));
    page.erase(page.find("<script>"));
    return page;
}

std::size_t count_of(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

model::Change created(std::string path, model::ObjectType type = model::ObjectType::file) {
    model::Change change;
    change.path = std::move(path);
    change.after = model::ObjectState{};
    change.after->type = type;
    change.after_owner = change.after_group = "root";
    return change;
}

tests::ExampleRun run_of_one_module() {
    tests::ExampleRun example;
    example.run.node = "web1";
    example.run.modules.resize(1);
    example.run.modules[0].name = "m";
    example.run.modules[0].outcome = model::ModuleOutcome::changed;
    return example;
}

TEST(HtmlReport, OfEverythingIsTheGoldenOne) {
    tests::expect_golden("everything.html", body_of(tests::example_run()));
}

TEST(HtmlReport, OfNothingIsTheGoldenOne) { tests::expect_golden("nothing.html", body_of({})); }

TEST(HtmlReport, AsksTheBrowserForNothing) {
    const std::string page = page_of(tests::example_run());
    EXPECT_THAT(page, HasSubstr("content=\"default-src 'none'; style-src 'sha256-"));
    for (const char* what : {"src=", "http://", "https://", "url(", "@import", "<link", "<img", "style=\""})
        EXPECT_EQ(count_of(page, what), 0U) << what;
    EXPECT_EQ(count_of(page, "<script"), 1U);
    EXPECT_EQ(count_of(page, "<style"), 1U);
}

TEST(HtmlReport, HasItsPartsInTheOrderInWhichTheyAreNeeded) {
    const std::string page = body_of(tests::example_run());
    std::size_t last = 0;
    for (const char* part : {"<h1>", "id=\"failures\"", "id=\"changes\"", "id=\"actions\"", "id=\"notices\"",
                             "id=\"times\"", "id=\"outputs\"", "id=\"steps\""}) {
        const std::size_t at = page.find(part);
        ASSERT_NE(at, std::string::npos) << part;
        EXPECT_GT(at, last) << part;
        last = at;
    }
}

struct HostileRow {
    const char* name;
    std::string bytes, shown;
};
class Hostile : public testing::TestWithParam<HostileRow> {};

TEST_P(Hostile, BytesAreTextEverywhere) {
    const std::string& bytes = GetParam().bytes;
    tests::ExampleRun example = run_of_one_module();
    model::RunReport& run = example.run;
    run.id = run.command = run.node = run.root = run.started = run.version = run.failure = run.fingerprint =
        bytes;
    model::ModuleReport& module = run.modules[0];
    module.name = module.reason = bytes;
    module.steps.resize(1);
    module.steps[0].name = bytes;
    module.steps[0].output = bytes + "\n";
    module.notices = {{model::NoticeKind::refused, bytes, {bytes}, bytes}};
    module.actions = {{{bytes}, {}, model::ActionOutcome::pending, 0}};
    model::Change change = created("/" + bytes);
    change.after_owner = change.after_group = bytes;
    change.diff = "--- " + bytes + "\n+++ " + bytes + "\n@@ " + bytes + "\n+" + bytes + "\n";
    example.changes.append(recorded(change, bytes));
    ++module.change_counts[0];
    model::ModuleReport failed = module;
    failed.outcome = model::ModuleOutcome::failed;
    failed.steps[0].exit = 1;
    failed.change_counts = {};
    run.modules.push_back(failed);
    run.merge.conflicts = {{bytes, bytes, bytes}};
    run.merge.kept = {bytes};
    const std::string page = page_of(example, Contents::all);
    EXPECT_EQ(count_of(page, bytes), 0U) << page;
    EXPECT_GT(count_of(page, GetParam().shown), 15U) << page;
}

INSTANTIATE_TEST_SUITE_P(
    Reports, Hostile,
    testing::Values(HostileRow{"script", "<script>alert(1)</script>",
                               "&lt;script&gt;alert(1)&lt;/script&gt;"},
                    HostileRow{"end_of_attribute", "\" onclick='x' a<", "onclick=&#39;x&#39; a&lt;"},
                    HostileRow{"end_of_text", "</pre></details>&#0;", "&lt;/pre&gt;&lt;/details&gt;&amp;#0;"},
                    HostileRow{"comment", "<!--x--><![CDATA[", "&lt;!--x--&gt;&lt;![CDATA["},
                    HostileRow{"no_utf8", "a\xff<b>", "a\\377&lt;b&gt;"},
                    HostileRow{"control", "a\x1b[2Jb\x01", "\\033[2Jb\\001"},
                    HostileRow{"direction", "a\u202ecod.exe", "a\\342\\200\\256cod.exe"}),
    [](const auto& row) { return std::string{row.param.name}; });

struct EscapeRow {
    const char* name;
    std::string bytes, text, name_of_file, line;
};
class Escapes : public testing::TestWithParam<EscapeRow> {};

TEST_P(Escapes, AreThoseOfTheTable) {
    const auto written = [](const auto& put) {
        return tests::collected([&](const auto& write) {
            HtmlWriter html{write};
            put(html);
            html.finish();
        });
    };
    const std::string& bytes = GetParam().bytes;
    EXPECT_EQ(written([&](HtmlWriter& html) { html.text(bytes); }), GetParam().text);
    EXPECT_EQ(written([&](HtmlWriter& html) { html.name(bytes); }), GetParam().name_of_file);
    EXPECT_EQ(written([&](HtmlWriter& html) { html.line(bytes); }), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Of, Escapes,
    testing::Values(EscapeRow{"plain", "a b/ä→", "a b/ä→", "a b/ä→", "a b/ä→"},
                    EscapeRow{"markup", "<a&b>", "&lt;a&amp;b&gt;", "&lt;a&amp;b&gt;", "&lt;a&amp;b&gt;"},
                    EscapeRow{"quotes", "\"'", "&quot;&#39;", "&quot;\\&quot;&#39;&quot;", "&quot;&#39;"},
                    EscapeRow{"newline", "a\nb", "a\nb", "&quot;a\\nb&quot;", "a\\nb"},
                    EscapeRow{"nul", std::string{"a\0b", 3}, "a\\000b", "&quot;a\\000b&quot;", "a\\000b"},
                    EscapeRow{"half_a_character", "\xc3<", "\\303&lt;", "&quot;\\303&lt;&quot;", "\\303&lt;"},
                    EscapeRow{"isolate", "\u2066", "\\342\\201\\246", "&quot;\\342\\201\\246&quot;",
                              "\\342\\201\\246"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(HtmlReport, FoldsWhatPackagesOwnByPackageBelowTheModulesOwn) {
    tests::ExampleRun example = run_of_one_module();
    const auto add = [&](const char* path, std::string_view package) {
        model::Change change = created(path);
        change.diff = "--- /dev/null\n+++ b\n@@ -0,0 +1 @@\n+inside\n";
        example.changes.append(recorded(change, package));
        ++example.run.modules[0].change_counts[0];
    };
    add("/usr/a", "vim");
    add("/etc/own", "");
    add("/usr/b", "nginx");
    add("/usr/c", "vim");
    add("/usr/d", "unchanged");
    add("/var/lib/dpkg/status", "");
    example.run.modules[0].packages = {{"nginx", "", "1.22"}, {"vim", "9.0", "9.1"}};
    const std::string page = body_of(example);
    std::size_t last = 0;
    for (const char* what :
         {"/etc/own", "/usr/d", "package <code>nginx</code> 1.22 installed <span class=\"w\">1 created",
          "/usr/b", "package <code>vim</code> 9.0 → 9.1 upgraded <span class=\"w\">2 created", "/usr/a",
          "/usr/c", "package manager <span class=\"w\">data base, caches, logs: 1 created",
          "/var/lib/dpkg/status"}) {
        const std::size_t at = page.find(what);
        ASSERT_NE(at, std::string::npos) << what << page;
        EXPECT_GT(at, last) << what;
        last = at;
    }
    EXPECT_EQ(count_of(page, "+inside"), 2U) << "packages' files have no differences in short";
    EXPECT_EQ(count_of(body_of(example, Contents::all), "+inside"), 6U);
}

TEST(HtmlReport, BeginsWithWhatTheModuleDelivers) {
    tests::ExampleRun example = run_of_one_module();
    for (const char* path : {"/etc/a", "/etc/b"}) {
        RecordedChange change = recorded(created(path));
        change.delivered = std::string_view{path} == "/etc/b";
        example.changes.append(change);
        ++example.run.modules[0].change_counts[0];
    }
    const std::string page = body_of(example);
    EXPECT_LT(page.find("/etc/b"), page.find("/etc/a"));
}

TEST(HtmlReport, FoldsNewDirectories) {
    tests::ExampleRun example = run_of_one_module();
    example.add(created("/srv/new", model::ObjectType::directory));
    for (const char* name : {"1", "2", "3"}) example.add(created(fmt::format("/srv/new/{}", name)));
    example.add(created("/srv/new/deep", model::ObjectType::directory));
    for (const char* name : {"1", "2", "3", "4"}) example.add(created(fmt::format("/srv/new/deep/{}", name)));
    example.add(created("/srv/new.conf"));
    const std::string page = body_of(example);
    EXPECT_THAT(page, AllOf(HasSubstr("8 changes in it</span>"), HasSubstr("4 changes in it</span>")));
    EXPECT_EQ(count_of(page, "<details class=\"fold\">"), 2U);
    EXPECT_THAT(page, HasSubstr("</ul>\n</details></li>\n</ul>\n</details></li>\n<li class=\"row c created\">"
                                "<b>+ created</b> <code>/srv/new.conf</code>"));
}

TEST(HtmlReport, KeepsWhatIsRedactedRedacted) {
    const std::string page = body_of(tests::example_run(), Contents::all);
    EXPECT_THAT(
        page, HasSubstr("/etc/shadow</code> <span class=\"w\">content, 3 B</span> <span class=\"w\">content "
                        "not shown (not for all to read)</span></li>"));
}

TEST(HtmlReport, OpensFewDifferencesAndLeavesManyFolded) {
    tests::ExampleRun few = run_of_one_module(), many = run_of_one_module();
    model::Change change = created("/x");
    change.diff = "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n";
    few.add(change);
    for (int i = 0; i < 300; ++i) many.add(change);
    EXPECT_THAT(body_of(few), HasSubstr("<details class=\"d\" open>"));
    EXPECT_THAT(body_of(many), Not(HasSubstr(" open>"))) << "the module is folded as well";
}

TEST(HtmlReport, LeavesVeryManyDifferencesAsTextUntilTheyAreOpened) {
    tests::ExampleRun example = run_of_one_module();
    model::Change change = created("/x");
    change.diff = "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+</noscript>\n";
    constexpr std::size_t many = 1001;
    for (std::size_t i = 0; i < many; ++i) example.add(change);
    const std::string page = body_of(example);
    EXPECT_EQ(count_of(page, "</summary><noscript><pre class=\"diff\">"), many);
    EXPECT_EQ(count_of(page, "</noscript>"), many) << "that of the difference is escaped";
}

TEST(HtmlReport, StreamsManyChanges) {
    tests::ExampleRun example = run_of_one_module();
    constexpr std::size_t many = 1500;
    for (std::size_t i = 0; i < many; ++i) example.add(created(fmt::format("/{}", i)));
    std::size_t largest = 0, rows = 0;
    write_html_report(example.run, example.changes, Contents::all, [&](std::string_view piece) {
        largest = std::max(largest, piece.size());
        rows += count_of(piece, "</code> <span class=\"w\">root:root");
    });
    EXPECT_GE(rows + 10, many) << "but for those that two pieces share";
    EXPECT_LT(largest, 100000U) << "memory grows with the number of changes";
}

} // namespace
} // namespace disco::report
