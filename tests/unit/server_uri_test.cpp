#include "runner/fetch/server_uri.hpp"
#include "runner/sys/error.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::fetch {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

struct GoodRow {
    const char* name;
    const char* text;
    ServerLayout layout;
    const char* module;     ///< source("modules/nginx/files")
    const char* parameters; ///< source("parameters")
};
class GoodUri : public testing::TestWithParam<GoodRow> {};

TEST_P(GoodUri, FollowsTheTable) {
    const GoodRow& row = GetParam();
    const ServerUri uri = parse_server_uri(row.text);
    EXPECT_EQ(uri.text, row.text);
    EXPECT_EQ(uri.layout, row.layout);
    EXPECT_EQ(uri.source("modules/nginx/files"), row.module);
    EXPECT_EQ(uri.source("parameters"), row.parameters);
}

using enum ServerLayout;
INSTANTIATE_TEST_SUITE_P(
    Forms, GoodUri,
    testing::Values(
        GoodRow{"directory", "/srv/u", local, "/srv/u/modules/nginx/files", "/srv/u/parameters"},
        GoodRow{"directory_slash", "/srv/u//", local, "/srv/u/modules/nginx/files", "/srv/u/parameters"},
        GoodRow{"directory_odd", "/srv/a b:c*", local, "/srv/a b:c*/modules/nginx/files",
                "/srv/a b:c*/parameters"},
        GoodRow{"root", "/", local, "/modules/nginx/files", "/parameters"},
        GoodRow{"url", "rsync://h.example/u", daemon_universe, "rsync://h.example/u/modules/nginx/files",
                "rsync://h.example/u/parameters"},
        GoodRow{"url_port_dir", "rsync://me@h:8730/u/d/", daemon_universe,
                "rsync://me@h:8730/u/d/modules/nginx/files", "rsync://me@h:8730/u/d/parameters"},
        GoodRow{"url_ipv6", "rsync://[::1]:8730/u", daemon_universe,
                "rsync://[::1]:8730/u/modules/nginx/files", "rsync://[::1]:8730/u/parameters"},
        GoodRow{"url_modules", "rsync://h:8730/", daemon_modules, "rsync://h:8730/nginx/files",
                "rsync://h:8730/parameters"},
        GoodRow{"url_modules_bare", "rsync://h", daemon_modules, "rsync://h/nginx/files",
                "rsync://h/parameters"},
        GoodRow{"double_colon", "me@h::u", daemon_universe, "me@h::u/modules/nginx/files",
                "me@h::u/parameters"},
        GoodRow{"double_colon_dir", "h::u/d", daemon_universe, "h::u/d/modules/nginx/files",
                "h::u/d/parameters"},
        GoodRow{"double_colon_modules", "h::", daemon_modules, "h::nginx/files", "h::parameters"},
        GoodRow{"double_colon_modules_user", "me@h::", daemon_modules, "me@h::nginx/files",
                "me@h::parameters"},
        GoodRow{"double_colon_ipv6", "[::1]::u", daemon_universe, "[::1]::u/modules/nginx/files",
                "[::1]::u/parameters"},
        GoodRow{"ssh_path", "h:/srv/u", ssh, "h:/srv/u/modules/nginx/files", "h:/srv/u/parameters"},
        GoodRow{"ssh_user", "root@h:/srv/u/", ssh, "root@h:/srv/u/modules/nginx/files",
                "root@h:/srv/u/parameters"},
        GoodRow{"ssh_ipv6", "me@[fe80::1%eth0]:/u", ssh, "me@[fe80::1%eth0]:/u/modules/nginx/files",
                "me@[fe80::1%eth0]:/u/parameters"}),
    [](const auto& row) { return std::string{row.param.name}; });

struct BadRow {
    const char* name;
    std::string text;
    const char* fault;
};
class BadUri : public testing::TestWithParam<BadRow> {};

TEST_P(BadUri, IsQuotedWithTheFormsThatAreKnown) {
    EXPECT_THAT(
        [&] { (void)parse_server_uri(GetParam().text); },
        ThrowsMessage<sys::BadConfiguration>(AllOf(HasSubstr("'" + GetParam().text + "'"),
                                                   HasSubstr(GetParam().fault), HasSubstr("use /DIR"))));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, BadUri,
    testing::Values(
        BadRow{"empty", "", "empty"}, BadRow{"relative", "srv/u", "full path"},
        BadRow{"relative_colon", "./a:b", "full path"}, BadRow{"word", "universe", "full path"},
        BadRow{"scheme", "https://h/u", "not known"}, BadRow{"ssh_relative", "h:u", "full path"},
        BadRow{"ssh_home", "h:~/u", "full path"}, BadRow{"ssh_option", "-oProxyCommand=x:/u", "bad host"},
        BadRow{"ssh_option_user", "-l@h:/u", "bad user"},
        BadRow{"host_dash_after_user", "me@-h:/u", "bad host"}, BadRow{"no_host", ":/u", "host is missing"},
        BadRow{"no_host_daemon", "::u", "host is missing"},
        BadRow{"no_host_url", "rsync:///u", "host is missing"}, BadRow{"shell", "h:/u;reboot", "specially"},
        BadRow{"substitution", "h:/$(reboot)", "specially"}, BadRow{"blank", "h::u/a b", "specially"},
        BadRow{"pattern", "h::u/*", "specially"}, BadRow{"dot_dot", "h::u/../v", "'..'"},
        BadRow{"port_word", "rsync://h:x/u", "bad port"}, BadRow{"port_zero", "rsync://h:0/u", "bad port"},
        BadRow{"port_large", "rsync://h:65536/u", "bad port"},
        BadRow{"port_none", "rsync://h:/u", "bad port"}, BadRow{"no_module", "rsync://h//u", "empty"},
        BadRow{"no_module_colons", "h::/u", "empty"}, BadRow{"password", "rsync://me:secret@h/u", "bad port"},
        BadRow{"dash_module", "h::-x", "begins with '-'"}),
    [](const auto& row) { return std::string{row.param.name}; });

TEST(BadUriBytes, AreShownSafely) {
    EXPECT_THAT([] { (void)parse_server_uri("/a\nb"); },
                ThrowsMessage<sys::BadConfiguration>(HasSubstr("a\\nb")));
}

} // namespace
} // namespace disco::fetch
