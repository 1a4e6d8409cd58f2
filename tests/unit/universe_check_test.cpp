// disco module check, on universes of a few files.

#include "runner/lint/check_junit.hpp"
#include "runner/lint/universe_check.hpp"
#include "runner/model/module_skeleton.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "tests/support/build_tree.hpp"

#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::lint {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class UniverseTest : public testing::Test {
protected:
    void SetUp() override { fs::create_directories(path("modules")); }
    void put(const std::string& name, std::string_view text = "", mode_t mode = 0644) const {
        fs::create_directories(path(name).parent_path());
        sys::write_file(path(name), text, mode);
        ASSERT_EQ(::chmod(path(name).c_str(), mode), 0);
    }
    [[nodiscard]] fs::path path(const std::string& name) const { return directory_.path() / name; }
    [[nodiscard]] CheckResult check(const std::set<std::string>& only = {}) const {
        return check_universe(directory_.path(), only);
    }
    /// The findings as they are printed.
    [[nodiscard]] std::vector<std::string> found(const std::set<std::string>& only = {}) const {
        std::vector<std::string> lines;
        for (const Finding& one : check(only).findings) lines.push_back(in_words(one));
        return lines;
    }

private:
    sys::OwnedDirectory directory_{fs::temp_directory_path(), "universe-test-"};
};

struct FileRow {
    const char* name;
    std::vector<std::pair<std::string, std::string>> files; ///< beside a module `base`
    std::vector<std::string> found;                         ///< the beginning of each
};
class UniverseOf : public UniverseTest, public testing::WithParamInterface<FileRow> {};

TEST_P(UniverseOf, IsCheckedAsAWhole) {
    put("modules/base/files/etc/x", "x\n");
    for (const auto& [name, text] : GetParam().files) put(name, text);
    std::vector<testing::Matcher<std::string>> expected;
    for (const std::string& one : GetParam().found) expected.emplace_back(StartsWith(one));
    EXPECT_THAT(found(), ElementsAreArray(expected));
}

INSTANTIATE_TEST_SUITE_P(
    Files, UniverseOf,
    testing::Values(
        FileRow{"sound", {{"parameters/web1/modules/base", ""}}, {}},
        FileRow{"misspelt",
                {{"modules/m/script/x", ""},
                 {"modules/m/Files/x", ""},
                 {"module/x", ""},
                 {"README.md", ""},
                 {"modules/m/scirpts/x", ""},
                 {"modules/m/README.md", ""}},
                {"module: warning: means nothing; did you mean 'modules'?",
                 "modules/m/Files: error: means nothing: rename it to files/",
                 "modules/m/README.md: warning: is not used: a module consists of",
                 "modules/m/scirpts: warning: is not used; did you mean 'scripts'?",
                 "modules/m/script: error: means nothing: rename it to scripts/"}},
        FileRow{"no_name_of_a_module",
                {{"modules/-m/requires", ""}, {"modules/.git/x", ""}, {"modules/file", ""}},
                {"modules/-m: error: bad module name '-m'",
                 "modules/file: warning: is no directory, so it is no module"}},
        FileRow{"bad_lines",
                {{"modules/m/requires", "after\nbase\nx y z\n"},
                 {"modules/m/attributes", "\nrw - x\n0600 - etc/y\n"},
                 {"modules/m/sandbox", "network egres\n"}},
                {"modules/m/attributes:2: error: 'rw' is not an octal mode",
                 "modules/m/requires:1: error: 'after' lacks the name of a module",
                 "modules/m/requires:3: error: cannot understand 'x y z'",
                 "modules/m/sandbox:1: error: 'network egres': expected"}},
        FileRow{"a_line_that_matches_nothing",
                {{"modules/m/files/etc/y", ""}, {"modules/m/attributes", "0600 - etc/z\n"}},
                {"modules/m/attributes:1: warning: 'etc/z' matches no file"}},
        FileRow{"places_that_nothing_can_be_delivered_to",
                {{"modules/m/files/tmp/x", ""}, {"modules/m/templates/run/x", "echo\n"}},
                {"modules/m/files/tmp/x: error: cannot be delivered: /tmp is private",
                 "modules/m/templates/run/x: error: cannot be delivered: /run is empty"}},
        FileRow{"required_and_missing",
                {{"modules/m/requires", "bsae\n"}},
                {"modules/m/requires:1: error: there is no module 'bsae'; did you mean 'base'?"}},
        FileRow{"syntax",
                {{"modules/m/scripts/10-x.sh", "#!/bin/bash\nif true; then\n"},
                 {"modules/m/templates/etc/y", "echo \"$(\n"},
                 {"modules/m/scripts/20-x.py", "#!/usr/bin/python3\nif True:\n"},
                 {"modules/m/checks/1", "fi\n"}},
                {"modules/m/checks/1:1: error: bash: syntax error near unexpected token `fi'",
                 "modules/m/scripts/10-x.sh:3: error: bash: syntax error: unexpected end of file",
                 "modules/m/templates/etc/y:"}},
        FileRow{"interpreters",
                {{"modules/m/scripts/1", "#!bash\n"}, {"modules/m/scripts/2", "#!/bin/sh\r\n"}},
                {"modules/m/scripts/1:1: error: 'bash' in its #! line is no absolute path",
                 "modules/m/scripts/2: error: has DOS line ends"}},
        FileRow{"parameters_that_nobody_sets",
                {{"modules/m/templates/etc/y",
                  "disco-param get base/a\ndisco-param get m/b\ndisco-param get web1/m/c\n"
                  "disco-param get disco/server/uri\ndisco-param get current_module\ndisco-param get m\n"},
                 {"modules/m/parameters/m/b", ""},
                 {"parameters/web1/modules/m", ""},
                 {"parameters/web1/m/c", ""}},
                {"modules/m/templates/etc/y:1: warning: no module and no node sets the parameter 'base/a'",
                 "modules/m/templates/etc/y:6: warning: parameter 'm' is a tree"}},
        FileRow{"defaults_that_no_module_has",
                {{"modules/m/parameters/disco/server/uri", "x"}, {"modules/m/parameters/a b", ""}},
                {"modules/m/parameters/a b: error: bad parameter name",
                 "modules/m/parameters/disco/server/uri: error: is refused: a module has no say"}},
        FileRow{"nodes",
                {{"parameters/web1/inherits", "# x\nroles/web/\n"},
                 {"parameters/web1/modules/bas", ""},
                 {"parameters/roles/web/modules/gone", ""},
                 {"parameters/web1/a b", ""},
                 {"parameters/note", ""}},
                {"parameters/note: warning: is no directory, so it is no node",
                 "parameters/roles/web/modules/gone: error: there is no module 'gone'",
                 "parameters/web1/a b: error: bad parameter name",
                 "parameters/web1/modules/bas: error: there is no module 'bas'; did you mean 'base'?"}},
        FileRow{"bad_lines_of_inherits",
                {{"parameters/web1/inherits", "# x\n/etc\na//b\n"}},
                {"parameters/web1/inherits:2: error: bad parameter name '/etc'",
                 "parameters/web1/inherits:3: error: bad parameter name 'a//b'"}},
        FileRow{
            "inherits",
            {{"parameters/web1/inherits", "# x\nroles/wbe\nroles/web/\n"},
             {"parameters/roles/web/inherits", "os\n"},
             {"parameters/os/inherits", "roles/web\n"}},
            {"parameters/os/inherits:1: error: parameters inherit one another in a cycle: os inherits "
             "roles/web inherits os",
             "parameters/web1/inherits:2: error: there is no directory 'parameters/roles/wbe'; did you mean "
             "'roles/web'?"}},
        FileRow{"two_modules_for_one_path",
                {{"modules/m/files/etc/x", "y\n"},
                 {"modules/n/files/etc/x", "z\n"},
                 {"parameters/web1/modules/base", ""},
                 {"parameters/web1/modules/m", ""},
                 {"parameters/web2/modules/n", ""}},
                {"modules/m/files/etc/x: warning: modules 'base' (files/etc/x) and 'm' (files/etc/x) deliver "
                 "/etc/x with different contents"}},
        FileRow{
            "a_value_and_a_tree",
            {{"modules/m/parameters/x/y", ""}, {"parameters/web1/x", ""}, {"parameters/web1/modules/m", ""}},
            {"parameters/web1: error: parameter 'x' is a tree in 'modules/m/parameters/x"}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST_F(UniverseTest, NothingOfAModuleIsExecutedOrWaitedFor) {
    const std::string touched = path("touched");
    put("modules/m/scripts/1", "#!/bin/bash\ntouch " + touched + "\n");
    put("modules/m/templates/etc/x",
        "echo \"$(touch " + touched + ")\"\ncat <<E\n`touch " + touched + "`\nE\n", 0755);
    put("modules/m/scripts/2", "#!" + path("interpreter").string() + "\n", 0755);
    put("interpreter", "#!/bin/sh\ntouch " + touched + "\n", 0755);
    put("rc", "touch " + touched + "\n");
    ASSERT_EQ(::setenv("BASH_ENV", path("rc").c_str(), 1), 0);
    ASSERT_EQ(::setenv("ENV", path("rc").c_str(), 1), 0);
    for (const char* name : {"requires", "sandbox", "scripts/3", "files/etc/pipe", "templates/etc/pipe"}) {
        fs::create_directories(path("modules/m/" + std::string{name}).parent_path());
        ASSERT_EQ(::mkfifo(path("modules/m/" + std::string{name}).c_str(), 0644), 0);
    }
    fs::create_directories(path("parameters/web1/modules"));
    ASSERT_EQ(::mkfifo(path("parameters/web1/inherits").c_str(), 0644), 0);
    fs::create_symlink("/dev/zero", path("modules/m/attributes"));
    fs::create_directory_symlink("/", path("modules/m/parameters"));
    fs::create_directory_symlink("m", path("modules/link"));
    const auto lines = found();
    ::unsetenv("BASH_ENV");
    ::unsetenv("ENV");
    EXPECT_FALSE(fs::exists(touched));
    for (const char* name :
         {"modules/m/requires: error: ", "modules/m/sandbox: error: ", "modules/m/scripts/3: error: ",
          "modules/m/files/etc/pipe: error: ", "modules/m/templates/etc/pipe: error: ",
          "parameters/web1/inherits: error: ", "modules/m/attributes: error: ",
          "modules/m/parameters: error: ", "modules/link: warning: "})
        EXPECT_THAT(lines, Contains(StartsWith(name)));
    EXPECT_EQ(lines.size(), 9U) << testing::PrintToString(lines);
}

TEST_F(UniverseTest, LargeFilesAreNotRead) {
    put("modules/m/scripts/1", "");
    fs::resize_file(path("modules/m/scripts/1"), std::uintmax_t{1} << 40);
    put("modules/m/parameters/m/x", "");
    fs::resize_file(path("modules/m/parameters/m/x"), std::uintmax_t{1} << 40);
    EXPECT_THAT(found(), ElementsAre(StartsWith("modules/m/parameters/m/x: error: is too large for a value"),
                                     StartsWith("modules/m/scripts/1: warning: is not checked")));
}

/// It could have shellcheck read any file, or say nothing.
TEST_F(UniverseTest, SettingsOfShellcheckInItDoNotCount) {
    put("modules/m/scripts/.shellcheckrc", "disable=all\n");
    put(".shellcheckrc", "disable=all\n");
    put("modules/m/scripts/1.sh", "#!/bin/bash\nx=1\necho \"done\"\n");
    EXPECT_THAT(found(), Contains(HasSubstr("SC2034")));
}

TEST_F(UniverseTest, AScriptThatEndsBashIsAnError) {
    std::string nested;
    for (int i = 0; i < 100'000; ++i) nested += "$(";
    put("modules/m/scripts/1", nested);
    put("modules/m/scripts/2", "echo \"fine\"\n");
    EXPECT_THAT(found(), Contains(StartsWith("modules/m/scripts/1: error: bash ended by signal 11")));
}

TEST_F(UniverseTest, AMarkerInAScriptHidesNoError) {
    put("modules/m/scripts/0.sh", "# it's\n: ok\n");
    put("modules/m/scripts/1.sh", ": $\"disco check 1\"\necho 'unterminated\n");
    put("modules/m/scripts/2.sh", "# it's\n: ok\n");
    EXPECT_THAT(found(), Contains(StartsWith("modules/m/scripts/1.sh:2: error: ")));
}

TEST_F(UniverseTest, SecretsThatAreTooShortAreFound) {
    put("parameters/web1/modules/m", "");
    put("parameters/web1/secrets/pin", "123\n");
    put("parameters/web1/secrets/empty", "\n");
    put("parameters/web1/secrets/good", "1\n1234\n");
    put("parameters/web1/other/secrets/pin", "123");
    put("parameters/roles/web/secrets/pin", "1");
    put("parameters/web1/inherits", "roles/web\n");
    put("modules/m/parameters/secrets/pin", "12");
    EXPECT_THAT(
        found(),
        ElementsAre(
            AllOf(StartsWith("modules/m/parameters/secrets/pin: error: no line of this secret has 4 "),
                  EndsWith("move it out of secrets/ if it is none")),
            StartsWith("parameters/roles/web/secrets/pin: error: no line"),
            StartsWith("parameters/web1/secrets/pin: error: no line")));
}

TEST_F(UniverseTest, WhatCannotBeReadHidesNothingElse) {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) GTEST_SKIP() << "cannot be another user";
    const std::string place = fs::temp_directory_path() / ("universe-of-" + std::to_string(::getpid()));
    for (const char* name : {"m", "n", "o"}) fs::create_directories(place + "/modules/" + name + "/script");
    fs::create_directories(place + "/parameters/web1/modules/gone");
    fs::create_directories(place + "/parameters/web0/modules");
    for (const char* name : {"/modules/n", "/modules/o/script", "/parameters/web0"})
        fs::permissions(place + name, fs::perms::none);
    std::vector<std::string> lines;
    for (const Finding& one : check_universe(place).findings) lines.push_back(in_words(one));
    for (const char* name : {"/modules/n", "/modules/o/script", "/parameters/web0"})
        fs::permissions(place + name, fs::perms::owner_all);
    fs::remove_all(place);
    ASSERT_EQ(::seteuid(::getuid()), 0);
    EXPECT_THAT(lines, AllOf(Contains(StartsWith("modules/n: warning: is not checked: cannot open")),
                             Contains(StartsWith("modules/m/script: error: ")),
                             Contains(StartsWith("modules/o/script: error: ")),
                             Contains(StartsWith("parameters/web0: warning: is not checked: cannot open")),
                             Contains(StartsWith("parameters/web1/modules/gone: error: "))))
        << testing::PrintToString(lines);
}

TEST_F(UniverseTest, OneModuleIsCheckedInItsUniverse) {
    put("modules/m/requires", "n\ngone\n");
    put("modules/n/requires", "m\n");
    put("modules/n/script/x");
    put("parameters/web1/modules/other");
    const CheckResult result = check({"m"});
    EXPECT_THAT(result.modules, ElementsAre("m"));
    EXPECT_THAT(result.nodes, IsEmpty());
    EXPECT_THAT(found({"m"}), ElementsAre(HasSubstr("in a cycle: m after n after m"),
                                          HasSubstr("there is no module 'gone'")));
    EXPECT_THROW((void)check({"absent"}), sys::BadConfiguration);
    EXPECT_THROW((void)check_universe(path("modules")), sys::BadConfiguration);
}

TEST_F(UniverseTest, AModuleAloneIsCheckedWithoutOne) {
    put("lone/requires", "other\n");
    put("lone/scripts/1", "fi\n");
    put("lone/script/1", "");
    const CheckResult result = check_lone_module(path("lone"));
    ASSERT_EQ(result.findings.size(), 2U);
    EXPECT_THAT(in_words(result.findings[0]), StartsWith("script: error: means nothing"));
    EXPECT_THAT(in_words(result.findings[1]), StartsWith("scripts/1:1: error: bash: "));
    EXPECT_THAT(result.notes, Contains(HasSubstr("the module lies in no universe")));
}

TEST_F(UniverseTest, ASkeletonIsClean) {
    for (const std::string name : {"nginx", "a.b-c_1"})
        for (const model::SkeletonFile& file : model::module_skeleton(name))
            put("modules/" + name + "/" + file.path, file.text, file.mode);
    EXPECT_THAT(found(), IsEmpty());
}

TEST(ExampleUniverse, IsClean) {
    const CheckResult result = check_universe(tests::source_tree() / "docs/examples/universe");
    EXPECT_THAT(result.modules, ElementsAre("base", "othermodule-3.2", "testmodule-1.0", "website"));
    EXPECT_THAT(result.nodes, ElementsAre("demo"));
    std::vector<std::string> lines;
    for (const Finding& one : result.findings) lines.push_back(in_words(one));
    EXPECT_THAT(lines, IsEmpty());
}

CheckResult example_result() {
    return {{"a", "b"},
            {"web1"},
            {{module_subject("a"), "modules/a/x", 3, Severity::error, "is <bad> & \"quoted\""},
             {module_subject("a"), "modules/a/y", 0, Severity::error, "is bad"},
             {node_subject("web1"), "parameters/web1", 0, Severity::warning, "is odd"}},
            {}};
}

TEST(CheckResults, AreAddedUpAndCounted) {
    CheckResult sum;
    add_result(sum, example_result(), "/srv/u");
    EXPECT_EQ(sum_in_words(sum), "2 modules, 1 node: 2 errors, 1 warning");
    EXPECT_EQ(in_words(sum.findings[0]), "/srv/u/modules/a/x:3: error: is <bad> & \"quoted\"");
    add_result(sum, {{"c"}, {}, {}, {}}, ".");
    EXPECT_EQ(sum_in_words(sum), "3 modules, 1 node: 2 errors, 1 warning");
    EXPECT_EQ(sum_in_words({}), "0 modules, 0 nodes: no errors, no warnings");
}

TEST(CheckJunit, HasACaseForEachModuleAndNode) {
    EXPECT_EQ(junit_report(example_result(), Warnings::are_no_failures),
              R"(<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="disco module check" tests="3" failures="1">
    <testcase classname="modules" name="a">
      <failure message="modules/a/x:3: error: is &lt;bad> &amp; &quot;quoted&quot;">modules/a/x:3: error: is &lt;bad&gt; &amp; "quoted"
modules/a/y: error: is bad
</failure>
    </testcase>
    <testcase classname="modules" name="b" />
    <testcase classname="nodes" name="web1">
      <system-out>parameters/web1: warning: is odd
</system-out>
    </testcase>
  </testsuite>
</testsuites>
)");
    const std::string strict = junit_report(example_result(), Warnings::are_failures);
    EXPECT_THAT(strict, AllOf(HasSubstr("failures=\"2\""), Not(HasSubstr("system-out"))));
}

} // namespace
} // namespace disco::lint
