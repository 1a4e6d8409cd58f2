// What a sandbox with network egress reads as /etc/resolv.conf.

#include "runner/sandbox/resolver_file.hpp"

#include <gmock/gmock.h>

namespace disco::sandbox {
namespace {

struct Row {
    const char* name;
    const char* host;
    const char* text;
    bool forwarded;
};

class ResolverFileTable : public testing::TestWithParam<Row> {};

TEST_P(ResolverFileTable, Holds) {
    const auto is_own = [](const std::string& address) {
        return address == "192.0.2.7" || address == "2001:db8::7";
    };
    const ResolverFile file = make_resolver_file(GetParam().host, "169.254.1.1", is_own);
    EXPECT_EQ(file.text, GetParam().text);
    EXPECT_EQ(file.forwarded, GetParam().forwarded);
}

INSTANTIATE_TEST_SUITE_P(
    ResolvConf, ResolverFileTable,
    testing::Values(
        Row{"nothing", "", "", false},
        Row{"kept_as_it_is",
            "# by hand\nsearch a.test b.test\nnameserver 192.0.2.1\noptions edns0 trust-ad\n",
            "# by hand\nsearch a.test b.test\nnameserver 192.0.2.1\noptions edns0 trust-ad\n", false},
        Row{"systemd_resolved", "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n",
            "nameserver 169.254.1.1\noptions edns0 trust-ad\nsearch .\n", true},
        Row{"an_address_of_the_host", "nameserver 192.0.2.7\n", "nameserver 169.254.1.1\n", true},
        Row{"zero_is_the_host", "nameserver 0.0.0.0\n", "nameserver 169.254.1.1\n", true},
        Row{"loopback_first_others_stay", "nameserver 127.0.0.1\nnameserver 192.0.2.1\n",
            "nameserver 169.254.1.1\nnameserver 192.0.2.1\n", true},
        Row{"loopback_second_is_left_out", "nameserver 192.0.2.1\nnameserver 127.0.0.1\n",
            "nameserver 192.0.2.1\n", false},
        Row{"forwarded_once", "nameserver 127.0.0.1\nnameserver 127.0.0.2\n", "nameserver 169.254.1.1\n",
            true},
        Row{"ipv6", "nameserver 2001:db8::1\nnameserver fe80::1%eth0\n",
            "nameserver 2001:db8::1\nnameserver fe80::1%eth0\n", false},
        Row{"ipv6_of_the_host_is_left_out",
            "nameserver ::1\nnameserver 2001:DB8:0::7\nnameserver ::ffff:127.0.0.1\nnameserver 127.0.0.1\n",
            "nameserver 169.254.1.1\n", true},
        Row{"blanks_and_no_newline", "nameserver \t127.0.0.1  \nnameserver\t192.0.2.1",
            "nameserver 169.254.1.1\nnameserver\t192.0.2.1\n", true},
        Row{"other_words_stay",
            "nameservers 127.0.0.1\nnameserver\nnameserver resolver\n#nameserver 127.0.0.1\n",
            "nameservers 127.0.0.1\nnameserver\nnameserver resolver\n#nameserver 127.0.0.1\n", false}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(HostAddresses, HaveLoopbackAsItIsWritten) {
    EXPECT_THAT(host_addresses(), testing::Contains("127.0.0.1"));
}

} // namespace
} // namespace disco::sandbox
