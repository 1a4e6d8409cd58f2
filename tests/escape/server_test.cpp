// What a server must not make a machine do by its parameters and modules, beyond what modules are for: each
// is seen to get through without the wall that stops it.

#include "tests/escape/escape_fixture.hpp"

#include <filesystem>
#include <ostream>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

struct ServerRow {
    const char* name;
    const char* wall;        ///< empty: nothing of the server's is looked at there
    const char *file, *says; ///< of the universe; OUTSIDE and OTHER are replaced
};
std::ostream& operator<<(std::ostream& stream, const ServerRow& row) { return stream << row.name; }

constexpr const char* fetch_by = "sh -c 'touch OUTSIDE/got-through; exec rsync \"$@\"' sh\n";

class Server : public EscapeTest, public testing::WithParamInterface<ServerRow> {
protected:
    static std::string replaced(std::string text, const std::string& what, const std::string& by) {
        for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
            text.replace(at, what.size(), by);
        return text;
    }
    /// A module that says which network it has got; twice, as what is fetched counts from the next run on.
    bool gets_through(const std::string& without) {
        const std::string other = place() / "other";
        put(universe() / "modules/m/scripts/10-net",
            "#!/bin/bash\nread -r _ < <(:)\nreadlink /proc/self/ns/net\n");
        want("m");
        put(universe() / "parameters" / node / "inherits", "roles/all\n");
        put(universe() / "parameters/roles/all/x", "x\n");
        put(fs::path{other} / "parameters" / node / "modules/m", "");
        put(fs::path{other} / "modules/m/scripts/10-other", "#!/bin/bash\necho OTHER SERVER\n");
        put(universe() / GetParam().file,
            replaced(replaced(GetParam().says, "OUTSIDE", outside()), "OTHER", other));
        const std::string machines_network = fs::read_symlink("/proc/self/ns/net");
        std::string said;
        for (const char* from : {server.c_str(), "", ""}) {
            std::vector<std::string> words = {
                "dance", "--noop", "--profile", "simulate",    "--verbose",        "--node",
                node,    "--root", root(),      "--state-dir", place() / "machine"};
            if (*from != '\0') words.insert(words.end(), {"--server", from});
            said += run(words, without);
        }
        return fs::exists(outside() / "got-through") || said.find("OTHER SERVER") != std::string::npos ||
               said.find(machines_network) != std::string::npos;
    }
};

class WithoutItsWall : public Server {};

TEST_P(Server, IsHeld) { EXPECT_FALSE(gets_through("")); }
TEST_P(WithoutItsWall, GetsThrough) { EXPECT_TRUE(gets_through(GetParam().wall)); }

std::vector<ServerRow> rows() {
    return {
        {"node_says_what_fetches", "own-settings", "parameters/web1/disco/client/cmds/rsync", fetch_by},
        {"role_says_what_fetches", "own-settings", "parameters/roles/all/disco/client/cmds/rsync", fetch_by},
        {"module_says_what_fetches", "", "modules/m/parameters/disco/client/cmds/rsync", fetch_by},
        {"node_says_where_the_server_is", "own-settings", "parameters/web1/disco/server/uri", "OTHER\n"},
        {"module_says_where_the_server_is", "", "modules/m/parameters/disco/server/uri", "OTHER\n"},
        {"module_takes_the_machines_network", "network-bound", "modules/m/sandbox", "network host\n"},
        {"node_gives_the_machines_network", "network-bound", "parameters/web1/disco/client/network",
         "host\n"}};
}
std::vector<ServerRow> rows_with_a_wall() {
    auto with = rows();
    std::erase_if(with, [](const ServerRow& row) { return *row.wall == '\0'; });
    return with;
}
std::string name_of(const testing::TestParamInfo<ServerRow>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(Escape, Server, testing::ValuesIn(rows()), name_of);
INSTANTIATE_TEST_SUITE_P(Escape, WithoutItsWall, testing::ValuesIn(rows_with_a_wall()), name_of);

} // namespace
} // namespace disco::tests
