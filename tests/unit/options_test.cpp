// The command line.

#include "runner/cli/options.hpp"
#include "runner/sys/error.hpp"

#include <filesystem>
#include <utility>

#include <gmock/gmock.h>

namespace disco::cli {
namespace {

using namespace std::chrono_literals;
using model::RunMode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Merge = dance::ExecOptions::Merge;
using Words = std::vector<std::string>;

Options parsed(const Words& words, const std::string& program = "disco") {
    return parse_options(program, words);
}

ReportTarget json_to(const char* path) { return {ReportFormat::json, path}; }

TEST(Options, OfADanceHaveDefaults) {
    const Options options = parsed({"dance"});
    EXPECT_EQ(options.command, CommandName::dance);
    EXPECT_EQ(options.dance.mode, RunMode::live);
    EXPECT_EQ(options.dance.root, "/");
    EXPECT_EQ(options.dance.state_dir, "/var/lib/disco");
    EXPECT_EQ(options.dance.node, "");
    EXPECT_EQ(options.dance.server, "");
    EXPECT_EQ(options.dance.network, std::nullopt);
    EXPECT_EQ(options.dance.wait, 0s);
    EXPECT_THAT(options.dance.modules, IsEmpty());
    EXPECT_FALSE(options.dance.offline || options.dance.keep_going || options.dance.detailed_exitcode);
    EXPECT_EQ(options.output.detail, report::Detail::changes);
    EXPECT_EQ(options.output.color, Color::automatic);
    EXPECT_THAT(options.output.targets, IsEmpty());
}

TEST(Options, OfEveryCommandSayWhatIsLogged) {
    EXPECT_EQ(parsed({"dance"}).log_level, std::nullopt);
    for (const Words& command : {Words{"dance"},
                                 {"exec"},
                                 {"shell"},
                                 {"apply"},
                                 {"rollback"},
                                 {"confirm"},
                                 {"recover"},
                                 {"report"},
                                 {"runs"},
                                 {"policy", "show"},
                                 {"policy", "check"},
                                 {"module", "check"},
                                 {"module", "new"},
                                 {"module", "graph"},
                                 {"param", "dump"},
                                 {"param", "get"}}) {
        Words words = command;
        words.insert(words.end(), {"--log-level", "debug"});
        if (command == Words{"apply"} || command == Words{"exec"} || command.back() == "get" ||
            command.back() == "check" || command.back() == "new")
            words.emplace_back("word");
        EXPECT_EQ(parsed(words).log_level, LogLevel::debug) << command.front();
    }
}

TEST(Options, OfADanceAreAllRead) {
    const Options options = parsed({"dance",
                                    "--noop",
                                    "--profile",
                                    "strict",
                                    "--server",
                                    "rsync://s/u",
                                    "--node",
                                    "n",
                                    "--module",
                                    "a",
                                    "--module",
                                    "b",
                                    "--root",
                                    "/r",
                                    "--state-dir",
                                    "/s",
                                    "--network",
                                    "host",
                                    "--offline",
                                    "--keep-going",
                                    "--detailed-exitcode",
                                    "--json",
                                    "-",
                                    "--diff",
                                    "--color",
                                    "never",
                                    "--wait",
                                    "5"});
    EXPECT_EQ(options.dance.mode, RunMode::noop);
    EXPECT_EQ(options.dance.server, "rsync://s/u");
    EXPECT_EQ(options.dance.node, "n");
    EXPECT_THAT(options.dance.modules, UnorderedElementsAre("a", "b"));
    EXPECT_EQ(options.dance.root, "/r");
    EXPECT_EQ(options.dance.state_dir, "/s");
    EXPECT_EQ(options.dance.network, model::Network::host);
    EXPECT_TRUE(options.dance.offline && options.dance.keep_going && options.dance.detailed_exitcode);
    EXPECT_THAT(options.output.targets, ElementsAre(json_to("-")));
    EXPECT_EQ(options.output.detail, report::Detail::diff);
    EXPECT_EQ(options.output.color, Color::never);
    EXPECT_EQ(options.dance.wait, 5s);
}

TEST(Options, OfReportsAreAllTargets) {
    const Words twice = {"--json", "a", "--json", "-"};
    for (Words words :
         {Words{"dance"}, Words{"exec"}, Words{"shell"}, Words{"apply", "plan"}, Words{"rollback"}}) {
        words.insert(words.end(), twice.begin(), twice.end());
        if (words[0] == "exec") words.emplace_back("true");
        EXPECT_THAT(parsed(words).output.targets, ElementsAre(json_to("a"), json_to("-"))) << words[0];
    }
    EXPECT_THAT(parsed({"rollback", "--json", "a", "--json", "[b]"}).output.targets,
                ElementsAre(json_to("a"), json_to("[b]")));
    EXPECT_THAT(parsed({"dance", "--json", "a", "--json", "a"}).output.targets,
                ElementsAre(json_to("a"), json_to("a")));
}

TEST(Options, DependOnTheProgramsName) {
    EXPECT_EQ(parsed({"--noop"}, "disco-run").dance.mode, RunMode::noop);
    EXPECT_EQ(parsed({"get", "a/b"}, "disco-param").param.key, "a/b");
    for (const char* program : {"disco", "disco-run", "disco-param"}) {
        EXPECT_EQ(parsed({"--version"}, program).command, CommandName::version) << program;
        EXPECT_EQ(parsed({"--help"}, program).command, CommandName::help) << program;
        EXPECT_THAT(parsed({"--help"}, program).text, HasSubstr(program)) << program;
    }
}

TEST(Options, OfExecEndWhereTheCommandBegins) {
    const Options options = parsed({"exec", "--noop", "--", "ls", "--root", "-l"});
    EXPECT_EQ(options.command, CommandName::exec);
    EXPECT_EQ(options.exec.merge, Merge::never);
    EXPECT_THAT(options.exec.command, ElementsAre("ls", "--root", "-l"));
    EXPECT_EQ(options.exec.root, "/");
    EXPECT_EQ(parsed({"exec", "--merge", "--", "true"}).exec.merge, Merge::always);
    EXPECT_EQ(parsed({"exec", "--", "true"}).exec.merge, Merge::ask);
    EXPECT_EQ(parsed({"exec", "--", "true"}).exec.profile, std::nullopt);
    EXPECT_EQ(parsed({"exec", "--noop", "--profile", "strict", "--", "true"}).exec.profile,
              model::ScriptProfile::strict);
    EXPECT_EQ(parsed({"exec", "--", "true"}).exec.kind, dance::ExecOptions::Kind::command);
}

TEST(Options, OfReportAndRuns) {
    EXPECT_EQ(parsed({"report"}).report.run, "");
    const Options options = parsed({"report", "2026", "--state-dir", "/s", "--verbose"});
    EXPECT_EQ(options.report.run, "2026");
    EXPECT_EQ(options.dance.state_dir, "/s");
    EXPECT_EQ(options.output.detail, report::Detail::verbose);
    EXPECT_THAT(parsed({"report", "--json"}).output.targets, ElementsAre(json_to("-"))) << "it is shown";
    EXPECT_THAT(parsed({"report", "--json", "-"}).output.targets, ElementsAre(json_to("-")));
    EXPECT_THAT(parsed({"report", "--json", "/tmp/x"}).output.targets, ElementsAre(json_to("/tmp/x")));
    EXPECT_THAT(parsed({"report", "--json=a", "--json", "--json", "b", "2026"}).output.targets,
                ElementsAre(json_to("a"), json_to("-"), json_to("b")));
    EXPECT_EQ(parsed({"report", "--json", "b", "2026"}).report.run, "2026");
    EXPECT_EQ(parsed({"report", "-2"}).report.run, "-2");
    EXPECT_EQ(parsed({"report", "./collected/web1"}).report.run, "./collected/web1");
    EXPECT_EQ(parsed({"runs"}).command, CommandName::runs);
}

TEST(Options, OfModule) {
    const Options check = parsed({"module", "check", "a", "b", "--strict", "--junit", "-"});
    EXPECT_EQ(check.command, CommandName::module);
    EXPECT_EQ(check.module.verb, "check");
    EXPECT_THAT(check.module.paths, ElementsAre("a", "b"));
    EXPECT_TRUE(check.module.strict);
    EXPECT_EQ(check.module.junit, "-");
    EXPECT_THAT(parsed({"module", "check"}).module.paths, IsEmpty());
    const Options create = parsed({"module", "new", "--server", "/u", "shop"});
    EXPECT_EQ(create.module.verb, "new");
    EXPECT_EQ(create.module.name, "shop");
    EXPECT_EQ(create.module.universe, "/u");
    const Options graph = parsed({"module", "graph", "/u", "--node", "n", "--dot", "d", "--svg", "s"});
    EXPECT_EQ(graph.module.verb, "graph");
    EXPECT_EQ(graph.module.universe, "/u");
    EXPECT_EQ(graph.module.node, "n");
    EXPECT_EQ(graph.module.dot, "d");
    EXPECT_EQ(graph.module.svg, "s");
    EXPECT_EQ(parsed({"module", "graph"}).module.universe, ".");
}

TEST(Options, OfEveryFormatAreReadByEachCommand) {
    for (const FormatRow& row : format_rows)
        for (Words words :
             {Words{"dance"}, {"exec", "--noop"}, {"shell"}, {"apply"}, {"rollback"}, {"report"}}) {
            words.insert(words.end(), {row.option, "file"});
            if (words[0] == "exec" || words[0] == "apply") words.insert(words.end(), {"--diff", "word"});
            EXPECT_THAT(parsed(words).output.targets, ElementsAre(ReportTarget{row.format, "file"}))
                << words[0];
        }
}

TEST(Options, OfASite) {
    const Options own = parsed({"report", "--site", "out"});
    EXPECT_EQ(own.report.site, "out");
    EXPECT_THAT(own.report.paths, IsEmpty());
    EXPECT_EQ(own.report.unreported_after, "2d");
    const Options collected =
        parsed({"report", "--html", "--site", "out", "--unreported-after", "1w", "a", "b/c"});
    EXPECT_EQ(collected.report.site, "out");
    EXPECT_THAT(collected.report.paths, ElementsAre("a", "b/c"));
    EXPECT_EQ(collected.report.unreported_after, "1w");
    EXPECT_THAT(collected.output.targets, IsEmpty());
}

TEST(Options, OfParamKeepTheDifferenceBetweenNoValueAndAnEmptyOne) {
    const Options set = parsed({"param", "set", "--node", "n", "a/b", ""});
    EXPECT_EQ(set.param.verb, "set");
    EXPECT_EQ(set.dance.node, "n");
    EXPECT_TRUE(set.param.has_value);
    EXPECT_EQ(set.param.value, "");
    EXPECT_FALSE(parsed({"param", "set", "a"}).param.has_value);
    EXPECT_EQ(parsed({"param", "set", "-"}).param.key, "-");
    EXPECT_EQ(parsed({"param", "set", "a", "{}"}).param.value, "{}");
    EXPECT_TRUE(parsed({"param", "delete", "-r", "a"}).param.recursive);
    EXPECT_EQ(parsed({"param", "keys"}).param.key, "");
}

TEST(Options, OfAServerMayBeADirectoryFromHereOn) {
    const std::string here = std::filesystem::current_path();
    for (const auto& [given, meant] :
         {std::pair{"./u", "/u"}, std::pair{"u/v/../w", "/u/w"}, std::pair{"./a:b", "/a:b"}})
        EXPECT_EQ(parsed({"dance", "--server", given}).dance.server, here + meant) << given;
    for (const char* given : {"/srv/u", "host::", "host:/u", "rsync://host/u", "[::1]::u"})
        EXPECT_EQ(parsed({"dance", "--server", given}).dance.server, given);
    EXPECT_EQ(parsed({"dance"}).dance.server, "");
}

/// A script's variable that was never set.
class EmptyValue : public testing::TestWithParam<Words> {};

TEST_P(EmptyValue, IsNoDefault) {
    try {
        (void)parsed(GetParam());
        FAIL() << "accepted";
    } catch (const sys::UsageError& error) {
        EXPECT_THAT(error.what(), HasSubstr("empty"));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Of, EmptyValue,
    testing::Values(Words{"dance", "--node", ""}, Words{"dance", "--root", ""},
                    Words{"dance", "--state-dir", ""}, Words{"dance", "--server", ""},
                    Words{"dance", "--module", ""}, Words{"dance", "--module", "a", "--module", ""},
                    Words{"dance", "--json", ""}, Words{"dance", "--json", "a", "--json", ""},
                    Words{"dance", "--html", ""}, Words{"report", "--site", ""},
                    Words{"report", "--site", "d", ""}, Words{"dance", "--noop", "--save", ""},
                    Words{"exec", "--root", "", "--", "true"}, Words{"exec", "--node", "", "--", "true"},
                    Words{"exec", "--noop", "--", ""}, Words{"shell", "--root", ""}, Words{"apply", ""},
                    Words{"rollback", ""}, Words{"rollback", "--keep", ""}, Words{"confirm", ""},
                    Words{"report", ""}, Words{"runs", "--state-dir", ""},
                    Words{"param", "get", "--node", "", "a"}));

TEST(Options, EachGlobIsOneWord) {
    const Options options = parsed({"rollback", "--keep", "/a/**", "--keep", "[ab]", "2026", "--noop"});
    EXPECT_THAT(options.rollback.keep, ElementsAre("/a/**", "[ab]"));
    EXPECT_EQ(options.rollback.run, "2026");
    EXPECT_EQ(options.rollback.mode, model::RunMode::noop);
}

TEST(Options, ArgumentsOfACommandMayBeEmpty) {
    EXPECT_THAT(parsed({"exec", "--noop", "--", "printf", ""}).exec.command, ElementsAre("printf", ""));
}

struct UsageRow {
    const char* name;
    Words words;
    const char* named; ///< what the message must name
};
class Usage : public testing::TestWithParam<UsageRow> {};

TEST_P(Usage, ErrorNamesWhatIsWrong) {
    try {
        (void)parsed(GetParam().words);
        FAIL() << "accepted";
    } catch (const sys::UsageError& error) {
        EXPECT_THAT(error.what(), HasSubstr(GetParam().named));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Command, Usage,
    testing::Values(UsageRow{"no_command", {}, "--help"}, UsageRow{"unknown_command", {"sing"}, "sing"},
                    UsageRow{"unknown_option", {"dance", "--nop"}, "--nop"},
                    UsageRow{"option_without_value", {"dance", "--server"}, "--server"},
                    UsageRow{"bad_network", {"dance", "--network", "wlan"}, "wlan"},
                    UsageRow{"bad_profile", {"dance", "--profile", "lax"}, "lax"},
                    UsageRow{"bad_colour", {"dance", "--color", "blue"}, "blue"},
                    UsageRow{"wait_in_words", {"dance", "--wait", "long"}, "--wait"},
                    UsageRow{"wait_negative", {"dance", "--wait", "-1"}, "--wait"},
                    UsageRow{"json_without_a_file", {"dance", "--json", "a", "--json"}, "--json"},
                    UsageRow{"two_reports_on_standard_output",
                             {"dance", "--json", "-", "--json", "a", "--json", "-"},
                             "only one report can go to standard output"},
                    UsageRow{"html_without_a_file", {"dance", "--html"}, "--html"},
                    UsageRow{"two_formats_on_standard_output",
                             {"exec", "--json", "-", "--html", "-", "true"},
                             "only one report can go to standard output"},
                    UsageRow{"two_runs", {"report", "2026", "2027"}, "'2027' is a word too many"},
                    UsageRow{
                        "site_and_a_report", {"report", "--site", "d", "--json", "f"}, "leave out --json"},
                    UsageRow{"site_and_a_page", {"report", "--site", "d", "--html", "f"}, "leave out --html"},
                    UsageRow{"age_without_a_site", {"report", "--unreported-after", "2d"}, "--site"},
                    UsageRow{"two_details", {"dance", "--diff", "--stat"}, "--diff"},
                    UsageRow{"noop_and_merge", {"exec", "--noop", "--merge", "--", "true"}, "--merge"},
                    UsageRow{"shell_with_a_command", {"shell", "--noop", "ls"}, "ls"},
                    UsageRow{"shell_that_merges_unasked", {"shell", "--merge"}, "--merge"},
                    UsageRow{"exec_of_nothing", {"exec", "--noop"}, "COMMAND"},
                    UsageRow{"param_without_verb", {"param"}, "param"},
                    UsageRow{"param_without_key", {"param", "get"}, "KEY"}),
    [](const auto& row) { return std::string{row.param.name}; });

} // namespace
} // namespace disco::cli
