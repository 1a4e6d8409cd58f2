// A module's `sandbox` file, and the client's own settings among the parameters.

#include "runner/model/sandbox_settings.hpp"
#include "runner/run/settings.hpp"
#include "runner/sys/error.hpp"

#include <gmock/gmock.h>

namespace disco {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(SandboxFile, SaysNothingWhenEmpty) {
    const auto settings = model::parse_sandbox_settings("\n  # all as usual\n", "F");
    EXPECT_EQ(settings.network, std::nullopt);
    EXPECT_EQ(settings.timeout, std::nullopt);
    EXPECT_EQ(settings.profile, std::nullopt);
}

TEST(SandboxFile, IsReadLineByLine) {
    const auto settings =
        model::parse_sandbox_settings("network host # why\n\ttimeout   600\r\nprofile simulate", "F");
    EXPECT_EQ(settings.network, model::Network::host);
    EXPECT_EQ(settings.timeout, 600s);
    EXPECT_EQ(settings.profile, model::ScriptProfile::simulate);
}

TEST(SandboxFile, LastLineCounts) {
    EXPECT_EQ(model::parse_sandbox_settings("timeout 1\ntimeout 2\n", "F").timeout, 2s);
}

class BadSandboxLine : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(BadSandboxLine, IsRefusedWithFileAndLine) {
    try {
        (void)model::parse_sandbox_settings(std::string{"# first\n"} + GetParam().second,
                                            "modules/m/sandbox");
        FAIL() << "accepted";
    } catch (const sys::BadConfiguration& error) {
        EXPECT_THAT(error.what(), StartsWith("modules/m/sandbox:2: "));
        EXPECT_THAT(error.what(), HasSubstr(GetParam().second));
    }
}

INSTANTIATE_TEST_SUITE_P(
    Sandbox, BadSandboxLine,
    testing::Values(std::pair{"unknown_key", "colour blue"}, std::pair{"unknown_network", "network wlan"},
                    std::pair{"no_network", "network"}, std::pair{"timeout_in_words", "timeout soon"},
                    std::pair{"timeout_zero", "timeout 0"}, std::pair{"timeout_negative", "timeout -5"},
                    std::pair{"timeout_with_unit", "timeout 5m"},
                    std::pair{"timeout_huge", "timeout 1000001"}, std::pair{"profile_live", "profile live"},
                    std::pair{"no_profile", "profile"}),
    [](const auto& row) { return std::string{row.param.first}; });

fetch::ParameterTree tree(const std::string& name, const std::string& value) {
    return fetch::ParameterTree{{name, value}};
}

/// What this machine says.
run::ClientSettings settings_of(const fetch::ParameterTree& own) { return run::client_settings(own, own); }

TEST(ClientSettings, HaveDefaults) {
    const auto settings = settings_of({});
    EXPECT_EQ(settings.server, "/srv/disco/universe");
    EXPECT_THAT(settings.rsync, ElementsAre("rsync"));
    EXPECT_EQ(settings.network, model::Network::isolated);
    EXPECT_EQ(settings.script_timeout, 900s);
    EXPECT_EQ(settings.fetch_timeout, 60s);
}

TEST(ClientSettings, ComeFromParameters) {
    EXPECT_EQ(settings_of(tree("disco/server/uri", "rsync://s/u")).server, "rsync://s/u");
    EXPECT_EQ(settings_of(tree("disco/client/network", "host")).network, model::Network::host);
    EXPECT_EQ(settings_of(tree("disco/client/timeout", "7")).script_timeout, 7s);
    EXPECT_EQ(settings_of(tree("disco/client/fetch_timeout", "8")).fetch_timeout, 8s);
}

TEST(ClientSettings, SplitTheRsyncCommandAsAShellWould) {
    EXPECT_THAT(settings_of(tree("disco/client/cmds/rsync", "rsync -e 'ssh -p 22'")).rsync,
                ElementsAre("rsync", "-e", "ssh -p 22"));
}

TEST(ClientSettings, OfTheServerDoNotSayWhatIsRunAsRoot) {
    const fetch::ParameterTree node = {{"disco", {}},
                                       {"disco/server/uri", "rsync://s/u"},
                                       {"disco/client/cmds/rsync", "sh -c id"},
                                       {"disco/client/timeout", "7"},
                                       {"disco/client/network", "egress"}};
    const auto settings = run::client_settings({}, node);
    EXPECT_EQ(settings.server, "/srv/disco/universe");
    EXPECT_THAT(settings.rsync, ElementsAre("rsync"));
    EXPECT_EQ(settings.script_timeout, 7s);
    EXPECT_EQ(settings.network, model::Network::egress);
    EXPECT_THAT(run::uncounted_settings({}, node),
                ElementsAre("disco/client/cmds/rsync", "disco/server/uri"));
    EXPECT_THAT(run::uncounted_settings(tree("disco/server/uri", "host::"), node),
                ElementsAre("disco/client/cmds/rsync"));
}

TEST(ClientSettings, OnlyTheMachineGivesModulesItsNetwork) {
    EXPECT_EQ(settings_of({}).most_network, model::Network::egress);
    for (const auto network : {model::Network::isolated, model::Network::egress, model::Network::host}) {
        const auto own = settings_of(tree("disco/client/network", model::to_string(network)));
        EXPECT_EQ(own.most_network, network);
        EXPECT_EQ(own.network, network);
    }
    const auto host = tree("disco/client/network", "host");
    try {
        (void)run::client_settings({}, host);
        FAIL() << "accepted";
    } catch (const sys::BadConfiguration& error) {
        EXPECT_THAT(error.full_text(), HasSubstr("only this machine"));
    }
    const auto own = run::client_settings(tree("disco/client/network", "isolated"), host);
    EXPECT_EQ(own.network, model::Network::isolated);
    EXPECT_EQ(own.most_network, model::Network::isolated);
}

class BadSetting : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(BadSetting, IsRefusedByName) {
    const auto& [name, parameter, value] = GetParam();
    try {
        (void)settings_of(tree(parameter, value));
        FAIL() << "accepted";
    } catch (const sys::BadConfiguration& error) {
        EXPECT_THAT(error.full_text(), HasSubstr(parameter));
    }
}

INSTANTIATE_TEST_SUITE_P(Client, BadSetting,
                         testing::Values(std::tuple{"network", "disco/client/network", "none"},
                                         std::tuple{"timeout", "disco/client/timeout", "1h"},
                                         std::tuple{"fetch_timeout", "disco/client/fetch_timeout", "0"},
                                         std::tuple{"rsync_empty", "disco/client/cmds/rsync", " "},
                                         std::tuple{"rsync_open_quote", "disco/client/cmds/rsync",
                                                    "rsync 'x"}),
                         [](const auto& row) { return std::string{std::get<0>(row.param)}; });

} // namespace
} // namespace disco
