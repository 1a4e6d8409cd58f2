// Services that scripts talk to by themselves: the sandbox reaches none of the machine's, and says so.

#include "tests/support/booted_host.hpp"

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BootedClients : public BootedTest {
protected:
    /// In a no-op the line fails, for a service that it would have reached natively.
    static void expect_missed(const std::string& line, const std::string& service) {
        EXPECT_THAT(run(Machine::disco, line).exit, 0) << "on the machine: " << line;
        const auto result = exec({"--noop"}, line + " && echo reached; true");
        EXPECT_EQ(result.exit, 0) << result.output << result.error;
        EXPECT_THAT(printed(), testing::Not(HasSubstr("reached\n"))) << line;
        EXPECT_THAT(notices(), AllOf(HasSubstr(service), HasSubstr("disco-defer"))) << line;
    }
};

TEST_F(BootedClients, AreToldWhatToDoInstead) {
    prepare(Machine::disco,
            "apt-get install -y postgresql redis-server; systemctl start postgresql redis-server\n"
            "for i in {1..100}; do redis-cli ping && pg_isready && break; sleep 0.1; done");
    expect_missed("runuser -u postgres -- psql -c 'select 1'", "/var/run/postgresql/.s.PGSQL.5432");
    expect_missed("redis-cli ping 2>&1 | grep PONG || { redis-cli ping; false; }", "127.0.0.1:6379");
    expect_missed("busctl list", "/run/dbus/system_bus_socket");
    const auto result = exec({"--merge"}, "disco-defer sh -c 'redis-cli set disco deferred > /root/answer'");
    EXPECT_EQ(result.exit, 0) << result.output << result.error;
    EXPECT_EQ(answer(Machine::disco, "cat /root/answer; redis-cli get disco; rm /root/answer"),
              "OK\ndeferred\n");
}

} // namespace
} // namespace disco::tests
