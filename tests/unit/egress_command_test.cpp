// The command lines of the programs that give network egress: what they leave closed.

#include "runner/sandbox/egress_command.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::sandbox {
namespace {

namespace fs = std::filesystem;

struct Row {
    const char* name;
    EgressKind kind;
    bool forwarded;
    const char* words;
    int ready;
};

class EgressCommandTable : public testing::TestWithParam<Row> {};

TEST_P(EgressCommandTable, Holds) {
    const EgressCommand command =
        make_egress_command({GetParam().kind, "/opt/program"}, GetParam().forwarded);
    EXPECT_EQ(command.path, "/opt/program");
    EXPECT_EQ(sys::quote_words(command.argv), GetParam().words);
    EXPECT_EQ(command.ready, GetParam().ready);
    EXPECT_THAT(command.environment, testing::Each(testing::AnyOf(testing::StartsWith("PATH=/usr/"),
                                                                  testing::StartsWith("LC_ALL="))));
}

INSTANTIATE_TEST_SUITE_P(
    Programs, EgressCommandTable,
    testing::Values(
        Row{"pasta", EgressKind::pasta, false,
            "pasta --foreground --quiet --config-net --no-map-gw --tcp-ports none --udp-ports none --tcp-ns "
            "none "
            "--udp-ns none --runas 0 --pid /proc/self/fd/1 --no-netns-quit --netns /proc/self/fd/0",
            1},
        Row{"pasta_forwarding", EgressKind::pasta, true,
            "pasta --foreground --quiet --config-net --no-map-gw --tcp-ports none --udp-ports none --tcp-ns "
            "none "
            "--udp-ns none --runas 0 --pid /proc/self/fd/1 --dns-forward 169.254.1.1 --no-netns-quit --netns "
            "/proc/self/fd/0",
            1},
        Row{"slirp4netns", EgressKind::slirp4netns, false,
            "slirp4netns --configure --mtu=65520 --cidr=169.254.2.0/24 --disable-host-loopback "
            "--enable-sandbox "
            "--enable-seccomp --ready-fd=3 --disable-dns --netns-type=path /proc/self/fd/0 tap0",
            3},
        Row{"slirp4netns_forwarding", EgressKind::slirp4netns, true,
            "slirp4netns --configure --mtu=65520 --cidr=169.254.2.0/24 --disable-host-loopback "
            "--enable-sandbox "
            "--enable-seccomp --ready-fd=3 --netns-type=path /proc/self/fd/0 tap0",
            3}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(FindEgressProgram, TakesTheFirstThatIsThere) {
    const sys::OwnedDirectory place{fs::temp_directory_path(), "disco-test-"};
    const auto put = [&](const char* directory, const char* name) {
        fs::create_directories(place.path() / directory);
        sys::write_file(place.path() / directory / name, "", 0755);
    };
    put("a", "slirp4netns");
    put("b", "pasta");
    const std::string a = place.path() / "a", b = place.path() / "b";
    EXPECT_EQ(find_egress_program("/nonexistent"), std::nullopt);
    EXPECT_EQ(find_egress_program(""), std::nullopt);
    EXPECT_EQ(find_egress_program(a).value().kind, EgressKind::slirp4netns);
    const auto both = find_egress_program(fmt::format("{}:{}", a, b)).value();
    EXPECT_EQ(both.kind, EgressKind::pasta);
    EXPECT_EQ(both.path, b + "/pasta");
}

} // namespace
} // namespace disco::sandbox
