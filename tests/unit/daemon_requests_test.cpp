// Which requests of a daemon of containers only ask.

#include "runner/border/cell/daemon_requests.hpp"

#include <ostream>
#include <string>

#include <gtest/gtest.h>

namespace disco::border::cell {
namespace {

struct Row {
    const char* name;
    const char* head;
    bool asks;
};
std::ostream& operator<<(std::ostream& stream, const Row& row) { return stream << row.name; }
class Http : public testing::TestWithParam<Row> {};

TEST_P(Http, OnlyAsks) { EXPECT_EQ(only_asks(GetParam().head), GetParam().asks); }

INSTANTIATE_TEST_SUITE_P(
    Requests, Http,
    testing::Values(
        Row{"get", "GET /v1.48/containers/json?all=1 HTTP/1.1\r\nHost: d\r\nUser-Agent: x\r\n\r\n", true},
        Row{"head", "HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n", true},
        Row{"no_headers", "GET /info HTTP/1.0\r\n\r\n", true},
        Row{"empty_body", "GET /info HTTP/1.1\r\nContent-Length: 0\r\n\r\n", true},
        Row{"kept_alive", "GET /info HTTP/1.1\r\nConnection: keep-alive\r\n\r\n", true},
        Row{"post", "POST /containers/create HTTP/1.1\r\n\r\n", false},
        Row{"delete_", "DELETE /containers/x HTTP/1.1\r\n\r\n", false},
        Row{"small_letters", "get /info HTTP/1.1\r\n\r\n", false},
        Row{"body", "GET /info HTTP/1.1\r\nContent-Length: 5\r\n\r\n", false},
        Row{"body_in_other_letters", "GET /info HTTP/1.1\r\nCONTENT-length: 5\r\n\r\n", false},
        Row{"chunks", "GET /info HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", false},
        Row{"upgrade", "GET /x/attach/ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", false},
        Row{"upgrade_of_connection", "GET /x HTTP/1.1\r\nConnection: Upgrade\r\n\r\n", false},
        Row{"blank_before_colon", "GET /x HTTP/1.1\r\nContent-Length : 5\r\n\r\n", false},
        Row{"folded_line", "GET /x HTTP/1.1\r\nA: b\r\n Content-Length: 5\r\n\r\n", false},
        Row{"bare_line_feed", "GET /x HTTP/1.1\nHost: d\n\nPOST /y HTTP/1.1\r\n\r\n", false},
        Row{"bare_carriage_return", "GET /x HTTP/1.1\r\nA: b\rPOST /y\r\n\r\n", false},
        Row{"no_version", "GET /x\r\n\r\n", false}, Row{"not_whole", "GET /x HTTP/1.1\r\n", false},
        Row{"nothing", "", false}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(HttpAnew, HasNothingOfTheCallersButThePath) {
    EXPECT_EQ(put_together("GET /v1.48/containers/json?all=1 HTTP/1.1\r\nHost: d\r\nX: y\r\n\r\n"),
              "GET /v1.48/containers/json?all=1 HTTP/1.1\r\nHost: docker\r\nUser-Agent: disco\r\n\r\n");
    EXPECT_EQ(put_together("HEAD /_ping HTTP/1.1\r\n\r\n"),
              "HEAD /_ping HTTP/1.1\r\nHost: docker\r\nUser-Agent: disco\r\n\r\n");
    // Whatever has let them come this far.
    EXPECT_EQ(put_together("POST /info HTTP/1.1\r\nContent-Length: 2\r\n\r\n"),
              "GET /info HTTP/1.1\r\nHost: docker\r\nUser-Agent: disco\r\n\r\n");
    EXPECT_EQ(put_together("GET /info HTTP/1.1\nHost: d\n\nPOST /y HTTP/1.1\r\n\r\n"),
              "GET /info HTTP/1.1\r\nHost: docker\r\nUser-Agent: disco\r\n\r\n");
}

TEST(HttpAnew, OnlyWhatIsKnownToTellIsAsked) {
    const auto known = [](const std::string& path) {
        return put_together("GET " + path + " HTTP/1.1\r\n\r\n").has_value();
    };
    for (const char* path : {"/info",
                             "/version",
                             "/v1.24/_ping",
                             "/system/df",
                             "/containers/json",
                             "/containers/web/json",
                             "/containers/web/logs?stdout=1&tail=all",
                             "/containers/web/top?ps_args=-ef",
                             "/containers/web/changes",
                             "/containers/web/stats?stream=0",
                             "/images/json",
                             "/images/library/nginx:1.2/json",
                             "/images/host:5000/a/b@sha256:00/history",
                             "/networks",
                             "/networks/bridge",
                             "/volumes",
                             "/volumes/data",
                             "/services/web/logs",
                             "/nodes/self",
                             "/plugins",
                             "/plugins/vieux/sshfs:latest/json",
                             "/secrets/x"})
        EXPECT_TRUE(known(path)) << path;
    for (const char* path : {"/",
                             "",
                             "info",
                             "/containers/create",
                             "/containers/web",
                             "/containers/web/attach/ws",
                             "/containers/web/export",
                             "/containers/web/archive?path=/",
                             "/containers/web/../create",
                             "/v1.24",
                             "/containers/a/b/json",
                             "//info",
                             "/images/get",
                             "/images/search?term=x",
                             "/distribution/x/json",
                             "/events",
                             "/swarm/unlockkey",
                             "/build",
                             "/exec/x/start",
                             "/containers/%2e%2e/json",
                             "/info#x",
                             "/containers/web/json?x=\x01",
                             "/session"})
        EXPECT_FALSE(known(path)) << path;
    EXPECT_FALSE(put_together("GET").has_value());
}

} // namespace
} // namespace disco::border::cell
