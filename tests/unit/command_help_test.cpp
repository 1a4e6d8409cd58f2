// Help and version: what each command says of itself, and when it says it.

#include "runner/cli/options.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Words = std::vector<std::string>;

struct HelpRow {
    const char* name;
    std::string program;
    Words words, shown, not_shown;
};
class Help : public testing::TestWithParam<HelpRow> {};

TEST_P(Help, NamesWhatThereIs) {
    const Options options = parse_options(GetParam().program, GetParam().words);
    EXPECT_EQ(options.command, CommandName::help);
    EXPECT_THAT(options.text, EndsWith("\n"));
    for (const std::string& word : GetParam().shown) EXPECT_THAT(options.text, HasSubstr(word));
    for (const std::string& word : GetParam().not_shown) EXPECT_THAT(options.text, Not(HasSubstr(word)));
}

const Words common = {"--root", "--state-dir", "--node", "--network", "--wait",        "--detailed-exitcode",
                      "--json", "--color",     "--diff", "--stat",    "--quiet",       "--verbose",
                      "--noop", "--log-level", "--only", "--junit",   "--openmetrics", "--html"};
Words with_common(Words more) {
    more.insert(more.end(), common.begin(), common.end());
    return more;
}

INSTANTIATE_TEST_SUITE_P(
    Of, Help,
    testing::Values(
        HelpRow{
            "disco", "disco", {"--help"}, {"dance", "exec", "shell", "report", "runs", "param"}, {"--noop"}},
        HelpRow{"everything", "disco", {"--help-all"}, with_common({"--merge", "explain"}), {}},
        HelpRow{"dance",
                "disco",
                {"dance", "-h"},
                with_common({"--server", "--module", "--offline", "--keep-going", "--profile", "--save",
                             "--confirm", "--ask"}),
                {"--merge"}},
        HelpRow{"disco_run",
                "disco-run",
                {"--help"},
                with_common({"Usage: disco-run [", "--server"}),
                {"--merge"}},
        HelpRow{"exec",
                "disco",
                {"exec", "--help"},
                with_common({"Usage: disco exec [", "--merge", "--profile", "COMMAND"}),
                {"--server"}},
        HelpRow{"shell",
                "disco",
                {"shell", "--help"},
                with_common({"Usage: disco shell ["}),
                {"--merge", "--profile", "COMMAND"}},
        HelpRow{"report",
                "disco",
                {"report", "--help"},
                {"RUN", "--json", "--html", "--site DIR", "--unreported-after AGE", "--state-dir",
                 "--log-level", "--all", "--only"},
                {"--root"}},
        HelpRow{"runs",
                "disco",
                {"runs", "--help"},
                {"--state-dir", "--log-level", "--since TIME", "--failed", "--json"},
                {"--noop"}},
        HelpRow{"status", "disco", {"status", "--help"}, {"--state-dir", "--json", "--max-age"}, {"--noop"}},
        HelpRow{"apply",
                "disco",
                {"apply", "--help"},
                {"PLAN", "--noop", "--wait", "--json", "--html"},
                {"--root"}},
        HelpRow{"rollback",
                "disco",
                {"rollback", "--help"},
                {"RUN", "--keep GLOB", "--noop", "--wait", "--json", "--html"},
                {"--root"}},
        HelpRow{"confirm", "disco", {"confirm", "--help"}, {"RUN", "--wait"}, {"--noop"}},
        HelpRow{"recover", "disco", {"recover", "--help"}, {"--state-dir", "--wait"}, {"--await", "--noop"}},
        HelpRow{"param",
                "disco-param",
                {"--help"},
                {"get", "set", "keys", "dump", "delete", "explain"},
                {"--node"}},
        HelpRow{"param_delete",
                "disco",
                {"param", "delete", "--help"},
                {"Usage: disco param delete [", "KEY", "--recursive", "--node"},
                {"VALUE"}},
        HelpRow{"module", "disco", {"module", "--help"}, {"check", "new", "graph"}, {"--junit"}},
        HelpRow{"module_check",
                "disco",
                {"module", "check", "--help"},
                {"PATH", "--strict", "--junit FILE", "--log-level"},
                {"--state-dir"}},
        HelpRow{"module_new",
                "disco",
                {"module", "new", "--help"},
                {"NAME", "--server DIR", "--log-level"},
                {"--strict"}},
        HelpRow{"module_graph",
                "disco",
                {"module", "graph", "--help"},
                {"UNIVERSE", "--node NAME", "--dot FILE", "--svg FILE", "--log-level"},
                {"--strict"}},
        HelpRow{"disco_param_get", "disco-param", {"get", "--help"}, {"Usage: disco-param get [", "KEY"}, {}},
        HelpRow{"after_other_options", "disco", {"dance", "--noop", "--help"}, {"--server"}, {}},
        HelpRow{"though_something_is_missing", "disco", {"param", "get", "--help"}, {"KEY"}, {}}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(Version, IsOneLine) {
    const Options options = parse_options("disco", {"--version"});
    EXPECT_EQ(options.command, CommandName::version);
    EXPECT_THAT(options.text, StartsWith("disco "));
    EXPECT_EQ(options.text.find('\n'), options.text.size() - 1);
}

std::string refusal(const std::string& program, const Words& words) {
    try {
        (void)parse_options(program, words);
    } catch (const sys::UsageError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(UsageErrors, SayWhoseHelpToRead) {
    EXPECT_THAT(refusal("disco", {"runs", "--nonsense"}),
                AllOf(HasSubstr("--nonsense"), EndsWith("(see 'disco runs --help')")));
    EXPECT_THAT(refusal("disco", {"policy", "check", "--nonsense"}),
                EndsWith("(see 'disco policy check --help')"));
    EXPECT_THAT(refusal("disco-run", {"--nonsense"}),
                AllOf(HasSubstr("--nonsense"), EndsWith("(see 'disco-run --help')")));
    EXPECT_THAT(refusal("disco-param", {"get"}), EndsWith("(see 'disco-param get --help')"));
}

TEST(UsageErrors, SayWhatMayHaveBeenMeant) {
    EXPECT_THAT(refusal("disco", {"rnus"}), HasSubstr("there is no command 'rnus'; did you mean 'runs'?"));
    EXPECT_THAT(refusal("disco-run", {"--noopp"}),
                HasSubstr("'--noopp' of 'disco-run'; did you mean '--noop'?"));
    EXPECT_THAT(refusal("disco", {"exec", "--verbos", "--", "x"}), HasSubstr("did you mean '--verbose'?"));
    EXPECT_THAT(refusal("disco-param", {"gte", "x"}), HasSubstr("did you mean 'get'?"));
    EXPECT_THAT(refusal("disco", {"frobnicate"}), HasSubstr("use one of dance, exec"));
    EXPECT_THAT(refusal("disco", {"runs", "x"}), HasSubstr("'x' is a word too many"));
}

TEST(Help, IsShownByAWordAsWell) {
    EXPECT_EQ(parse_options("disco", {"help", "runs"}).text, parse_options("disco", {"runs", "--help"}).text);
    EXPECT_EQ(parse_options("disco", {"help"}).text, parse_options("disco", {"--help"}).text);
    EXPECT_THAT(refusal("disco", {"help", "rnus"}), HasSubstr("did you mean 'runs'?"));
}

// It says that a subcommand is required.
TEST(UsageErrors, NameAnOptionThatStandsAlone) {
    EXPECT_THAT(refusal("disco", {"--nonsense"}), HasSubstr("--nonsense"));
}

// The man page promises them, and schedulers compare them.
TEST(ExitCodes, AreThoseOfTheManPageAndGrowWithSeverity) {
    using model::ExitCode;
    const std::vector<ExitCode> codes = {ExitCode::done,       ExitCode::changes,
                                         ExitCode::failed,     ExitCode::followup_failed,
                                         ExitCode::conflict,   ExitCode::undone,
                                         ExitCode::usage,      ExitCode::try_again,
                                         ExitCode::not_root,   ExitCode::bad_configuration,
                                         ExitCode::signal_base};
    std::vector<int> numbers;
    for (const ExitCode code : codes) numbers.push_back(static_cast<int>(code));
    EXPECT_THAT(numbers, testing::ElementsAre(0, 2, 4, 6, 8, 10, 64, 75, 77, 78, 128));
}

TEST(HelpTopic, IsAManualPageThatIsThere) {
    const std::string all = parse_options("disco", {"help"}).text;
    for (const char* name : {"universe", "modules", "policies", "undo", "settings", "defer"}) {
        const Options options = parse_options("disco", {"help", name});
        EXPECT_EQ(options.command, CommandName::help);
        ASSERT_TRUE(options.topic) << name;
        EXPECT_TRUE(
            std::filesystem::exists(tests::source_tree() / fmt::format("docs/man/{}.{}", options.topic->page,
                                                                       options.topic->section)))
            << name;
        EXPECT_THAT(all, HasSubstr(fmt::format("\n  {} ", name)));
    }
    EXPECT_FALSE(help_topic("exec")) << "that is a command";
}

} // namespace
} // namespace disco::cli
