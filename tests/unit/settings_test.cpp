// The client's own settings: what each takes, up to which number, and how a bad one is told.

#include "runner/run/settings.hpp"
#include "runner/sys/error.hpp"

#include <gmock/gmock.h>

namespace disco::run {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ClientSettings of_machine(const fetch::ParameterTree& own) { return client_settings(own, own); }

ClientSettings with(const std::string& name, const std::string& value) { return of_machine({{name, value}}); }

std::string refusal(const std::string& name, const std::string& value) {
    try {
        (void)with(name, value);
    } catch (const sys::BadConfiguration& error) {
        return error.full_text();
    }
    return "accepted";
}

class Seconds : public testing::TestWithParam<const char*> {};

TEST_P(Seconds, AreFromOneToAMillion) {
    const std::string name = GetParam();
    EXPECT_EQ(refusal(name, "1"), "accepted");
    EXPECT_EQ(refusal(name, "1000000"), "accepted");
    for (const char* bad :
         {"", "0", "-1", "+1", "1000001", "99999999999999999999", "1.5", "1s", " 1", "1 ", "0x1"})
        EXPECT_THAT(refusal(name, bad), AllOf(HasSubstr(name), HasSubstr("from 1 to 1000000"))) << bad;
}

INSTANTIATE_TEST_SUITE_P(Of, Seconds,
                         testing::Values("disco/client/timeout", "disco/client/fetch_timeout",
                                         "disco/client/fetch_limit"),
                         [](const auto& row) { return std::string{std::string_view{row.param}.substr(13)}; });

TEST(ClientSettings, AreReadTogetherAndIndependently) {
    const ClientSettings settings = of_machine({{"disco/server/uri", "host::"},
                                                {"disco/client/cmds/rsync", "nice -n 5 rsync"},
                                                {"disco/client/network", "egress"},
                                                {"disco/client/timeout", "2"},
                                                {"disco/client/fetch_timeout", "3"},
                                                {"disco/client/fetch_limit", "4"}});
    EXPECT_EQ(settings.server, "host::");
    EXPECT_THAT(settings.rsync, ElementsAre("nice", "-n", "5", "rsync"));
    EXPECT_EQ(settings.network, model::Network::egress);
    EXPECT_EQ(settings.script_timeout, 2s);
    EXPECT_EQ(settings.fetch_timeout, 3s);
    EXPECT_EQ(settings.fetch_limit, 4s);
    EXPECT_EQ(with("disco/client/fetch_timeout", "2").fetch_limit, 3600s);
    EXPECT_EQ(with("disco/client/timeout", "2").fetch_timeout, 60s);
    EXPECT_EQ(with("disco/client/fetch_timeout", "2").script_timeout, 900s);
    EXPECT_EQ(with("disco/client/something/else", "x").server, "/srv/disco/universe");
}

TEST(ClientSettings, SayWhatIsKeptOfOldRuns) {
    const ClientSettings settings = of_machine({{"disco/client/undo/runs", "1"},
                                                {"disco/client/undo/mib", "2"},
                                                {"disco/client/reports/runs", "3"},
                                                {"disco/client/reports/mib", "4"}});
    EXPECT_EQ(settings.undo_runs, 1U);
    EXPECT_EQ(settings.undo_mib, 2U);
    EXPECT_EQ(settings.report_runs, 3U);
    EXPECT_EQ(settings.report_mib, 4U);
    EXPECT_THAT(refusal("disco/client/reports/runs", "0"),
                AllOf(HasSubstr("disco/client/reports/runs"), HasSubstr("from 1 to 1000000")));
}

TEST(ClientSettings, SayWhichWordsANetworkMayHave) {
    for (const char* bad : {"", "Host", "host ", "yes"})
        EXPECT_THAT(refusal("disco/client/network", bad),
                    AllOf(HasSubstr("disco/client/network"), HasSubstr("isolated, egress or host")))
            << bad;
}

TEST(ClientSettings, NameTheCommandThatCannotBeRead) {
    EXPECT_EQ(refusal("disco/client/cmds/rsync", ""), "parameter disco/client/cmds/rsync is empty");
    EXPECT_THAT(refusal("disco/client/cmds/rsync", "rsync 'x"),
                AllOf(HasSubstr("reading parameter disco/client/cmds/rsync: "), HasSubstr("rsync 'x")));
}

TEST(ClientSettings, AreSafeToTellOnATerminal) {
    EXPECT_THAT(refusal("disco/client/timeout", "\033[2J"), Not(HasSubstr("\033")));
    EXPECT_THAT(refusal("disco/client/network", "\033[2J"), Not(HasSubstr("\033")));
}

TEST(ClientSettings, WithAnOpenQuoteAreSafeToTellOnATerminal) {
    EXPECT_THAT(refusal("disco/client/cmds/rsync", "'\033[2J"), Not(HasSubstr("\033")));
}

} // namespace
} // namespace disco::run
