// Group K, "through the border": what a question to the machine must not do, whichever program it is. Each
// attempt is held; it gets through when the walls that stop it are down, and each of them stops it by itself.

#include "tests/payloads/narrow_calls.hpp"
#include "tests/support/question_cell.hpp"

#include <algorithm>
#include <cstdio>
#include <map>
#include <ostream>
#include <set>
#include <sstream>
#include <utility>

#include <sys/utsname.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

struct QuestionRow {
    const char* name;
    const char* walls;        ///< which must all be down; empty: see `why_not`
    const char* why_not = ""; ///< why it is not seen to get through
    const char* need = "";    ///< of the question
};

constexpr const char* grammar = "grammar"; // that is no switch: no form of a command does such a thing

/// Of root the kernel bounds only the numbers, and that since Linux 6.14.
const char* processes_of_root() {
    struct utsname name = {};
    int major = 0, minor = 0;
    if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return "query-limits";
    return std::pair{major, minor} >= std::pair{6, 14} ? "query-limits,process-numbers" : "query-limits";
}

const std::vector<QuestionRow>& rows() {
    constexpr const char *files = "query-filter,query-mounts,query-landlock",
                         *opening = "query-mounts,query-landlock", *times = "query-filter,query-mounts",
                         *owners = "query-filter,query-mounts,query-user", *calls = "query-filter,query-user",
                         *others = "query-filter,query-user,query-landlock",
                         *look = "query-user,query-landlock", *ipc = "query-filter,query-namespaces",
                         *asking = "query-calls,query-user", *own_net = "query-filter,query-namespaces";
    static const std::vector<QuestionRow> list = {
        {"inherited_descriptor", "query-descriptors", grammar},
        {"open_for_writing", opening},
        {"append", opening},
        {"open_truncating", opening},
        {"create", opening},
        {"temporary", opening},
        {"truncate_path", files},
        {"change_mode", owners},
        {"change_mode_by_descriptor", owners},
        {"change_owner", owners},
        {"change_times", times},
        {"change_times_by_descriptor", times},
        {"set_attribute", times},
        {"remove_attribute", times},
        {"unlink_file", files},
        {"rename_file", files},
        {"hard_link", files},
        {"symbolic_link", files},
        {"make_directory", files},
        {"make_fifo", files},
        {"file_flags", "", "not every file system has flags"},
        {"lease", calls},
        {"lock", "query-filter", grammar},
        {"bind_socket", files},
        {"service_socket", "query-filter,query-covers"},
        {"service_socket", "query-calls,query-covers", "", "bus"},
        {"datagram_socket", "query-filter,query-covers"},
        {"datagram_socket", "query-filter,query-covers", "", "bus"},
        {"socket_elsewhere", "query-filter", grammar},
        {"socket_elsewhere", "query-calls", grammar, "bus"},
        {"daemon_post", "query-filter,query-covers"},
        {"daemon_post", "query-calls,query-requests", "", "docker-socket"},
        {"daemon_post_behind_get", "query-calls,query-requests", "", "docker-socket"},
        {"daemon_post_in_body", "query-calls,query-requests", "", "docker-socket"},
        {"daemon_post_by_bare_line_feeds", "query-calls,query-requests", "", "docker-socket"},
        {"abstract_socket", "query-filter,query-landlock"},
        {"abstract_socket", "query-calls,query-landlock,query-namespaces", "", "bus"},
        {"loopback_service", "query-filter,query-landlock"},
        {"packet_socket", calls},
        {"link_by_send", calls},
        {"link_by_send", "query-calls,query-user,query-sockets", "", "interfaces"},
        {"link_by_send", asking, "", "net-admin"},
        {"link_by_message", asking, "", "net-admin"},
        {"link_by_write", asking, "", "net-admin"},
        {"link_by_many", calls, "", "net-admin"},
        {"interface_flags", calls, "", "interfaces"},
        {"interface_flags", calls, "", "net-admin"},
        {"interface_feature", asking, "", "interfaces"},
        {"interface_feature", asking, "", "net-admin"},
        {"datagram", "query-filter", grammar},
        {"datagram", own_net, "", "interfaces"},
        {"datagram", own_net, "", "net-admin"},
        {"datagram", "query-calls,query-sockets,query-namespaces", "", "interfaces"},
        {"datagram_by_message", own_net, "", "interfaces"},
        {"datagram_by_connection", own_net, "", "interfaces"},
        {"datagram_port", "query-calls", grammar, "interfaces"},
        {"raw_socket", "query-sockets,query-user", "", "net-admin"},
        {"multicast_group", own_net, "", "interfaces"},
        {"old_rules", calls, "", "net-admin"},
        {"kill_outsider", others},
        {"queue_signal", others},
        {"signal_by_pidfd", others},
        {"trace_outsider", others},
        {"root_of_outsider", look},
        {"priority_of_outsider", calls},
        {"limit_of_outsider", calls},
        {"mount_tmpfs", others},
        {"remount_writable", others},
        {"unmount_cover", others},
        {"user_namespace", "query-filter,query-landlock"},
        {"host_name", calls},
        {"kernel_setting", "query-mounts,query-user,query-landlock"},
        {"null_mode", owners},
        {"null_mode_by_descriptor", owners},
        {"input_mode", "", "standard input is a pipe of its own"},
        {"shared_memory", ipc},
        {"message_queue", ipc},
        {"semaphore", ipc},
        {"asynchronous_io", "query-filter", grammar},
        {"lock_memory", "query-filter,query-limits"},
        {"many_processes", "query-limits", "and the time that a question has"},
        {"many_processes", processes_of_root(), "and the time that a question has", "root-user"},
        {"old_abi", kernel_has_narrow_calls() ? "query-filter" : "", grammar},
        {"state_directory", "query-covers,query-user"},
        {"temporary_files", "query-covers,query-user"},
        {"shadow", "query-covers,query-user"},
        {"shadow", "query-covers", grammar, "read-all"},
        {"process_environment", "query-user", grammar},
        {"change_root", calls},
        {"open_by_handle", calls},
    };
    return list;
}

std::vector<std::string> split(const std::string& walls) {
    std::istringstream stream{walls};
    std::vector<std::string> names;
    for (std::string name; std::getline(stream, name, ',');) names.push_back(name);
    return names;
}

std::vector<std::string> options_of(const std::string& need) {
    return need.empty() ? std::vector<std::string>{} : std::vector{"--need=" + need};
}

/// Rows with the same walls and needs, to be tried in one question.
using Sets = std::map<std::pair<std::string, std::string>, std::vector<std::string>>;
Sets sets() {
    Sets result;
    for (const QuestionRow& row : rows())
        if (*row.walls != '\0') result[{row.walls, row.need}].emplace_back(row.name);
    return result;
}

class Question : public QuestionCellTest {
protected:
    /// What an attempt that got through has made of the place.
    void put_back() {
        TearDown();
        SetUp();
    }
};

TEST_F(Question, EveryAttemptIsInTheTable) {
    std::set<std::string> named;
    for (const QuestionRow& row : rows()) named.insert(row.name);
    for (const auto& [name, result] : attempt({})) EXPECT_TRUE(named.contains(name)) << name;
    EXPECT_GE(named.size(), 55U);
}

TEST_F(Question, AttemptsAreHeld) {
    for (const char* need : {"", "bus", "interfaces", "net-admin", "docker-socket"})
        for (const auto& [name, result] : attempt(options_of(need)))
            EXPECT_FALSE(result.escaped) << name << " with " << need << ": " << result.how;
}

TEST_F(Question, AttemptsGetThroughWithoutTheirWalls) {
    for (const auto& [key, names] : sets()) {
        const auto& [walls, need] = key;
        const auto results = attempt(options_of(need), names, walls);
        for (const std::string& name : names) {
            const auto found = results.find(name);
            ASSERT_NE(found, results.end()) << name << " without " << walls;
            EXPECT_TRUE(found->second.escaped) << name << " without " << walls << ": " << found->second.how;
        }
        put_back();
    }
}

TEST_F(Question, EachWallHoldsThemByItself) {
    std::size_t with_two = 0;
    for (const auto& [key, names] : sets()) {
        const auto& [walls, need] = key;
        if (walls.find(',') == std::string::npos) continue;
        with_two += names.size();
        for (const std::string& left : split(walls)) {
            std::string down;
            for (const std::string& wall : split(walls))
                if (wall != left) down += (down.empty() ? "" : ",") + wall;
            for (const auto& [name, result] : attempt(options_of(need), names, down))
                EXPECT_FALSE(result.escaped) << name << ", " << left << " is left: " << result.how;
            put_back();
        }
    }
    EXPECT_GE(with_two, 40U);
}

TEST_F(Question, OneWallIsNotTheOnlyOne) {
    for (const QuestionRow& row : rows())
        EXPECT_TRUE(std::string{row.walls}.find(',') != std::string::npos || *row.why_not != '\0')
            << row.name;
}

} // namespace
} // namespace disco::tests
