// Who multiplies is stopped before the machine feels it, also while it has other work to do.

#include "tests/support/throw_away.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <ostream>
#include <thread>

#include <csignal>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

/// Of the machine, threads counted. proc_loadavg(5): "0.20 0.18 0.12 1/80 11206".
std::size_t tasks() {
    std::ifstream file{"/proc/loadavg"};
    std::string skipped;
    std::size_t running = 0, all = 0;
    char slash = 0;
    file >> skipped >> skipped >> skipped >> running >> slash >> all;
    EXPECT_EQ(slash, '/');
    return all;
}

/// The most that there were while it lived. Its thread goes before all others, or it would see what is left
/// when all is over.
class MostTasks {
public:
    MostTasks()
        : thread_{[this](const std::stop_token& ended) {
              while (!ended.stop_requested()) {
                  most_ = std::max(most_.load(), tasks());
                  std::this_thread::sleep_for(std::chrono::milliseconds{5});
              }
          }} {
        const struct sched_param before_all = {2};
        ::pthread_setschedparam(thread_.native_handle(), SCHED_FIFO, &before_all);
    }
    [[nodiscard]] std::size_t value() const { return most_; }

private:
    std::atomic<std::size_t> most_ = 0;
    std::jthread thread_;
};

/// Processes with sessions of their own, which are other work to the kernel's scheduler, too.
class OtherWork {
public:
    OtherWork() {
        for (pid_t& worker : workers_) {
            worker = ::fork();
            if (worker != 0) continue;
            ::setsid();
            ::alarm(100);
            for (std::atomic<unsigned> count = 0;; ++count) {}
        }
    }
    OtherWork(const OtherWork&) = delete;
    OtherWork& operator=(const OtherWork&) = delete;
    ~OtherWork() {
        for (const pid_t worker : workers_)
            if (worker > 0) {
                ::kill(worker, SIGKILL);
                ::waitpid(worker, nullptr, 0);
            }
    }

private:
    pid_t workers_[4] = {};
};

struct Bomb {
    const char* name;
    const char* program;
    const char* script;
};
std::ostream& operator<<(std::ostream& stream, const Bomb& bomb) { return stream << bomb.name; }

class ForkBomb : public DanceTest, public testing::WithParamInterface<Bomb> {};

/// In a no-op on the tree of this machine, which has the programs.
TEST_P(ForkBomb, IsStoppedAtOnce) {
    const OtherWork beside;
    const std::size_t usual = tasks();
    const MostTasks most;
    const auto result = disco({"exec", "--noop", "--root", "/", "--state-dir", state(), "--",
                               GetParam().program, "-c", GetParam().script});
    EXPECT_EQ(result.exit, 4) << result.output << result.error;
    EXPECT_THAT(result.output + result.error, testing::HasSubstr("more than 4096 processes and threads"));
    EXPECT_GT(most.value(), 4096U) << "nobody has multiplied";
    EXPECT_LT(most.value(), usual + 5096);
}

INSTANTIATE_TEST_SUITE_P(
    Every, ForkBomb,
    testing::Values(Bomb{"of_processes", "bash", "f() { f | f & }; f; sleep 60"},
                    Bomb{"of_threads", "python3",
                         "import threading, time\n"
                         "threading.stack_size(1 << 15)\n"
                         "for i in range(6000):\n"
                         "    threading.Thread(target=time.sleep, args=(600,)).start()\n"},
                    Bomb{"of_processes_with_threads", "python3",
                         "import os, threading, time\n"
                         "threading.stack_size(1 << 15)\n"
                         "for i in range(60):\n"
                         "    if os.fork() == 0: break\n"
                         "for i in range(100):\n"
                         "    threading.Thread(target=time.sleep, args=(600,)).start()\n"}),
    [](const auto& bomb) { return std::string{bomb.param.name}; });

} // namespace
} // namespace disco::tests
