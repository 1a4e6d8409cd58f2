// Which requests of a daemon of containers only ask.

#include "runner/border/cell/read_only_daemon.hpp"

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

} // namespace
} // namespace disco::border::cell
