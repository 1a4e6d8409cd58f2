// That the suite sees what it looks for: the snapshot tells changes of the machine, the walls that no attempt
// tells apart stand by themselves, and the program as it is shipped has no switches.

#include "tests/escape/escape_fixture.hpp"

#include "runner/sys/error.hpp"
#include "tests/support/build_tree.hpp"

#include <csignal>

#include <gmock/gmock.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Suite : public EscapeTest {
protected:
    [[nodiscard]] std::string difference_by(const std::function<void()>& change) const {
        const Snapshot before = machine();
        change();
        return difference(before, machine());
    }
    std::string exec(const std::vector<std::string>& command, const std::string& without) {
        std::vector<std::string> words = {"exec",        "--noop",      "--root", root().string(),
                                          "--state-dir", inner_state(), "--"};
        words.insert(words.end(), command.begin(), command.end());
        return run(words, without);
    }
};

TEST_F(Suite, SnapshotSeesNothingWhenNothingHappens) {
    EXPECT_EQ(difference_by([] {}), "");
}

TEST_F(Suite, SnapshotSeesFiles) {
    const fs::path motd = root() / "etc/motd";
    EXPECT_THAT(difference_by([&] { put(root() / "etc/new", "x"); }), HasSubstr("/etc/new"));
    EXPECT_THAT(difference_by([&] { ::chmod(motd.c_str(), 0600); }), HasSubstr("/etc/motd"));
    const auto time = fs::last_write_time(motd); // also what has been put back
    EXPECT_THAT(difference_by([&] { fs::last_write_time(motd, time); }), HasSubstr("/etc/motd"));
}

TEST_F(Suite, SnapshotSeesIpc) {
    int shm = -1;
    EXPECT_THAT(difference_by([&] { shm = ::shmget(0x1234, 4096, IPC_CREAT | 0600); }), HasSubstr("+ shm"));
    ::shmctl(shm, IPC_RMID, nullptr);
    EXPECT_THAT(difference_by([] { ::mq_close(::mq_open("/another", O_RDWR | O_CREAT, 0600, nullptr)); }),
                HasSubstr("+ message queue another"));
    ::mq_unlink("/another");
}

TEST_F(Suite, SnapshotSeesProcesses) {
    pid_t child = -1;
    EXPECT_THAT(difference_by([&] {
                    child = ::fork();
                    if (child == 0) {
                        for (;;) ::pause();
                    }
                }),
                HasSubstr("+ process"));
    EXPECT_THAT(difference_by([&] { ::setpriority(PRIO_PROCESS, static_cast<id_t>(child), 3); }),
                HasSubstr("nice 3"));
    EXPECT_THAT(difference_by([&] {
                    ::kill(child, SIGSTOP);
                    ::waitpid(child, nullptr, WUNTRACED);
                }),
                HasSubstr("stopped"));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

TEST_F(Suite, HostNameIsTheSandboxsOwn) {
    const auto rename = [&](const std::string& without) {
        return difference_by([&] { exec({"hostname", "escaped"}, without); });
    };
    EXPECT_EQ(rename("seccomp,capabilities,users"), "");
    EXPECT_EQ(exit(), 0);
    EXPECT_THAT(rename("seccomp,capabilities,users,uts"),
                HasSubstr("escaped")); // that of the test's own namespace
}

TEST_F(Suite, WhatARunLeavesIsSeen) {
    const auto leave = [&](const std::string& without) {
        return difference_by([&] {
            exec({"sh", "-c",
                  "setsid sleep 60 > /dev/null 2>&1 < /dev/null & "
                  "until read -r name < /proc/$!/comm && [ $name = sleep ]; do :; done"},
                 without);
        });
    };
    EXPECT_EQ(leave(""), "");
    EXPECT_THAT(leave("pid"), HasSubstr("(sleep) alive"));
    // The test is the first process of its pid namespace, so all others are its own.
    ASSERT_EQ(::getpid(), 1);
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        if (sys::read_file_if_exists(entry.path() / "comm").value_or("") == "sleep\n")
            ::kill(std::stoi(name), SIGKILL);
    }
    ::usleep(100'000);
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
}

TEST(ShippedProgram, HasNoSwitches) {
    EXPECT_THAT(sys::read_file(build_tree() / "tests/disco-without-walls"), HasSubstr("DISCO_WITHOUT"));
    const std::string shipped = sys::read_file(disco_binary());
    EXPECT_EQ(shipped.find("DISCO_WITHOUT"), std::string::npos);
    EXPECT_EQ(shipped.find("no-new-privs"), std::string::npos); // a name that only the switches have
}

} // namespace
} // namespace disco::tests
