// Which services a program says it could not connect to, in the words of usual clients.

#include "runner/module/missed_services.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

#include <gmock/gmock.h>

namespace disco::module {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct MissedRow {
    const char *name, *output, *place;
};
class Missed : public testing::TestWithParam<MissedRow> {};

TEST_P(Missed, IsNamed) { EXPECT_THAT(connections_missed(GetParam().output), ElementsAre(GetParam().place)); }

INSTANTIATE_TEST_SUITE_P(
    Service, Missed,
    testing::Values(
        MissedRow{"mysql",
                  "ERROR 2002 (HY000): Can't connect to local server through socket "
                  "'/run/mysqld/mysqld.sock' (111)\n",
                  "/run/mysqld/mysqld.sock"},
        MissedRow{"psql",
                  "psql: error: connection to server on socket \"/var/run/postgresql/.s.PGSQL.5432\" failed: "
                  "Connection refused\n\tIs the server running locally?\n",
                  "/var/run/postgresql/.s.PGSQL.5432"},
        MissedRow{"docker",
                  "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon "
                  "running?\n",
                  "/var/run/docker.sock"},
        MissedRow{"redis", "Could not connect to Redis at 127.0.0.1:6379: Connection refused\n",
                  "127.0.0.1:6379"},
        MissedRow{"bus", "Failed to connect to bus: Connection refused\n", "/run/dbus/system_bus_socket"},
        MissedRow{"rndc",
                  "rndc: connect failed: 127.0.0.1#953: connection refused\nconnect to localhost:953\n",
                  "localhost:953"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(MissedServices, AreNoneInOtherLines) {
    EXPECT_THAT(connections_missed("reading /run/mysqld/mysqld.sock\nlistening on 127.0.0.1:80\n"),
                IsEmpty());
    EXPECT_THAT(connections_missed(""), IsEmpty());
}

TEST(MissedServices, OnlyOfTheMachineAreANotice) {
    const sys::OwnedDirectory root{"/tmp", "missed-services-"};
    sys::make_directories(root.path() / "run/a", 0755);
    const std::string output = "cannot connect to /run/a/socket\n";
    EXPECT_FALSE(missed_service(output, root.path(), false, "x"));
    const sys::UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, (root.path() / "run/a/socket").c_str());
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const auto notice = missed_service(output, root.path(), false, "scripts/10-x.sh");
    ASSERT_TRUE(notice);
    EXPECT_THAT(notice->text, HasSubstr("'/run/a/socket'"));
    EXPECT_THAT(notice->text, HasSubstr("disco-defer"));
    EXPECT_EQ(notice->step, "scripts/10-x.sh");
    EXPECT_TRUE(missed_service("connect to localhost:80 failed\n", root.path(), false, "x"));
    EXPECT_FALSE(missed_service("connect to localhost:80 failed\n", root.path(), true, "x"));
}

} // namespace
} // namespace disco::module
