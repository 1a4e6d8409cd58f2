#include "tests/payloads/escape/partner.hpp"

#include <csignal>
#include <fstream>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace escape {
namespace {

constexpr uid_t somebody = 33;

} // namespace

bool become_somebody() {
    return ::setresgid(somebody, somebody, somebody) == 0 && ::setresuid(somebody, somebody, somebody) == 0;
}

Partner::Partner(const char* wish) : process_{::fork()} {
    if (process_ != 0) return;
    if (!become_somebody()) ::_exit(1);
    ::prctl(PR_SET_DUMPABLE, 1); // who has changed its user may not be looked at
    ::prctl(PR_SET_NAME, (std::string{"want "} + wish).c_str());
    ::alarm(4);
    for (;;) ::pause();
}

Partner::~Partner() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

bool Partner::has_ended() const {
    siginfo_t info = {};
    return ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == process_;
}

Verdict told_by_outsider(const char* wish) {
    const std::string verdict = std::string{scratch} + "/verdict";
    ::unlink(verdict.c_str());
    ::chmod(scratch, 0777);
    const Partner partner{wish};
    std::string said;
    for (int waited_ms = 0; waited_ms < 3500 && said.empty(); waited_ms += 10) {
        ::usleep(10'000);
        std::getline(std::ifstream{verdict}, said);
        if (partner.has_ended()) return held("nobody can become another user here");
    }
    if (said.empty()) return held("the outsider says nothing");
    return said.starts_with("through") ? got_through(said) : held(said);
}

} // namespace escape
