// A file system that cannot rename as a merge has to, by faults: also where the undo store is on it.

#include "tests/support/faults.hpp"
#include "tests/support/mounted_tree.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

class RenameTrialFaults : public MountedTreeTest {};

TEST_F(RenameTrialFaults, AreSaidBeforeAnythingIsChanged) {
    fs::create_directories(state());
    mount_tmpfs(root() / "home");
    put(root() / "home/profile", "profile\n");
    put(root() / "etc/motd", "welcome\n");
    constexpr const char* script = "echo more >> /etc/motd; echo x > /etc/new; echo more >> /home/profile";
    const Snapshot before = tree();
    const auto words = exec_words("--merge", script);
    const auto calls = changing_calls(words, (state() / "undo").string(), place() / "strace");
    ASSERT_EQ(command("rollback").exit, 0);
    ASSERT_EQ(difference(before, tree()), "");
    std::vector<std::string> tried;
    for (const ChangingCall& call : calls) {
        if (call.name != "renameat2" || call.line.find(".trial-1") == std::string::npos) continue;
        const bool exchange = call.line.find("RENAME_EXCHANGE") != std::string::npos;
        tried.emplace_back(exchange ? "exchange" : "noreplace");
        const Snapshot etc = snapshot(root() / "etc");
        const auto result =
            run_with_fault(words, call, tried.size() % 2 == 0 ? "error=EINVAL" : "error=ENOSYS");
        EXPECT_EQ(result.exit, 4) << call.line << "\n" << result.output << result.error;
        EXPECT_THAT(result.output + result.error,
                    AllOf(HasSubstr(fmt::format("nothing was merged, as the file system at '{}' cannot",
                                                tried.size() <= 2 ? "/" : "/home")),
                          HasSubstr(exchange ? "RENAME_EXCHANGE" : "RENAME_NOREPLACE")))
            << call.line;
        EXPECT_EQ(difference(etc, snapshot(root() / "etc")), "") << call.line;
        EXPECT_EQ(difference(before, tree()), "") << call.line;
        EXPECT_EQ(command("recover").exit, 0) << call.line;
        expect_nothing_left();
    }
    EXPECT_THAT(tried, testing::ElementsAre("noreplace", "exchange", "noreplace", "exchange"));
}

} // namespace
} // namespace disco::tests
