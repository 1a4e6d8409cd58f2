// exec_payload MODE PROGRAM [COUNT]: executes PROGRAM, a guarded command, in the ways that are hard to
// redirect, and prints "MODE: as expected" when each ended as it should. Runs inside the sandbox, on any
// root: static, without PIE, so that its static memory lies where calls of 32 bits can point to. Every loop
// and every process is bounded.

#include "tests/payloads/narrow_calls.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace {

constexpr int failed = 99; ///< exit of a child whose exec returned

char program_text[256]; // static, and writable: it is looked at after vfork
char verb[] = "restart";
char unit[] = "x";
char* arguments[] = {program_text, verb, unit, nullptr};

[[noreturn]] void run_it() {
    ::execve(program_text, arguments, environ);
    ::_exit(failed);
}

int status_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return status;
}

bool expect(bool fine, const char* what, long value) {
    if (!fine) std::printf("not as expected: %s: %ld\n", what, value);
    return fine;
}

void pause_for(unsigned microseconds) {
    const struct timespec time = {0, static_cast<long>(microseconds) * 1000};
    ::nanosleep(&time, nullptr);
}

/// Killed at random moments before, in and after its redirection, everyone is reaped by its parent.
bool kills(int count) {
    std::srand(1);
    int survived = 0;
    for (int i = 0; i < count; ++i) {
        const pid_t child = ::fork();
        if (child == 0) run_it();
        pause_for(static_cast<unsigned>(std::rand()) % 1500);
        ::kill(child, SIGKILL);
        const int status = status_of(child);
        const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        survived += killed ? 0 : 1;
        if (!killed && !expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a killed child's end", status))
            return false;
    }
    std::printf("%d of %d were faster than the signal\n", survived, count);
    return true;
}

bool stops(int count) {
    for (int i = 0; i < count; ++i) {
        const pid_t child = ::fork();
        if (child == 0) run_it();
        for (int n = 0; n < 4; ++n) {
            ::kill(child, SIGSTOP);
            pause_for(50);
            ::kill(child, SIGCONT);
            pause_for(50);
        }
        const int status = status_of(child);
        if (!expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a stopped child's end", status))
            return false;
    }
    return true;
}

std::atomic<bool> go;

void* run_in_thread(void*) {
    while (!go) {}
    ::execve(program_text, arguments, environ);
    return nullptr;
}

/// Two threads race, neither is the leader; one of them wins, and it ends as the command does. Both are there
/// before: while a thread is in exec the kernel makes no other one (EAGAIN).
bool threads(int count) {
    for (int i = 0; i < count; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            pthread_t one = {}, other = {};
            if (::pthread_create(&one, nullptr, run_in_thread, nullptr) != 0) ::_exit(failed);
            if (::pthread_create(&other, nullptr, run_in_thread, nullptr) != 0) ::_exit(failed);
            go = true;
            ::pthread_join(one, nullptr);
            ::pthread_join(other, nullptr);
            ::_exit(failed);
        }
        const int status = status_of(child);
        if (!expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a racing child's end", status))
            return false;
    }
    return true;
}

void* run_another_in_thread(void* /*unused*/) {
    // Long arguments take the kernel some time, in which the leader gets to be redirected.
    static char text[120'000];
    std::memset(text, 'a', sizeof text - 1);
    static char name[] = "true";
    char* words[] = {name, text, text, text, text, text, text, text, text, text, text, text, text, nullptr};
    while (!go) {}
    ::execve("/usr/bin/true", words, environ);
    return nullptr;
}

/// A thread executes another program, and takes the leader's place while that is redirected: nobody is woken
/// who waits for the leader.
bool leaders(int count) {
    for (int i = 0; i < count; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            pthread_t other = {};
            if (::pthread_create(&other, nullptr, run_another_in_thread, nullptr) != 0) ::_exit(failed);
            go = true;
            pause_for(static_cast<unsigned>(i % 16) * 50);
            run_it();
        }
        const int status = status_of(child);
        if (!expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a replaced leader's end", status))
            return false;
    }
    return true;
}

bool vforks(int count) {
    char before[sizeof program_text];
    std::memcpy(before, program_text, sizeof before);
    for (int i = 0; i < count; ++i) {
        const pid_t child = ::vfork();
        if (child == 0) {
            ::execve(program_text, arguments, environ);
            ::_exit(failed);
        }
        const int status = status_of(child);
        if (!expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a vforked child's end", status))
            return false;
        if (!expect(std::memcmp(before, program_text, sizeof before) == 0, "the parent's memory was written",
                    i))
            return false;
    }
    return true;
}

/// Without a free descriptor the command fails with EMFILE; it does not run itself.
bool descriptors(int) {
    const struct rlimit few = {8, 8};
    ::setrlimit(RLIMIT_NOFILE, &few);
    while (::open("/", O_PATH) >= 0) {}
    ::execve(program_text, arguments, environ);
    const int error = errno;
    return expect(error == EMFILE, "the errno of exec", error);
}

/// Under a filter of its own that refuses execveat, the command fails with that filter's answer.
bool filter(int) {
    sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execveat, 0, 1),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
                          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog own = {sizeof code / sizeof *code, code};
    if (!expect(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &own) == 0, "a filter of its own", errno))
        return false;
    ::execve(program_text, arguments, environ);
    const int error = errno;
    return expect(error == EXDEV, "the errno of exec", error);
}

/// Ordinary programs, all at once: the processes wait for the end of a pipe, and nobody is lost.
bool at_once(int count) {
    static pid_t children[4000];
    constexpr int most = sizeof children / sizeof *children;
    if (count > most) count = most;
    int gate[2];
    if (::pipe(gate) != 0) return expect(false, "a pipe", errno);
    for (int i = 0; i < count; ++i) {
        children[i] = ::fork();
        if (children[i] < 0) return expect(false, "fork", errno);
        if (children[i] != 0) continue;
        ::close(gate[1]);
        char byte = 0;
        if (::read(gate[0], &byte, 1) != 0) ::_exit(failed);
        ::execl("/usr/bin/true", "true", nullptr);
        ::_exit(failed);
    }
    ::close(gate[1]);
    bool fine = true;
    for (int i = 0; i < count; ++i) {
        const int status = status_of(children[i]);
        fine =
            expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the end of one of many", status) && fine;
    }
    return fine;
}

bool by_descriptor(int) {
    const int file = ::open(program_text, O_RDONLY | O_CLOEXEC);
    const pid_t child = ::fork();
    if (child == 0) {
        ::fexecve(file, arguments, environ);
        ::_exit(failed);
    }
    const int status = status_of(child);
    return expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the end of fexecve", status);
}

#ifdef __x86_64__
std::uint32_t narrow_arguments[4], narrow_environment[1];

/// execve of i386 by a process of 64 bits.
bool narrow(int) {
    if (!disco::tests::kernel_has_narrow_calls()) {
        std::puts("narrow: this kernel has no calls of i386");
        return true;
    }
    for (int i = 0; arguments[i] != nullptr; ++i)
        narrow_arguments[i] = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(arguments[i]));
    const pid_t child = ::fork();
    if (child == 0) {
        long result = 11; // execve
        asm volatile("int $0x80"
                     : "+a"(result)
                     : "b"(program_text), "c"(narrow_arguments), "d"(narrow_environment)
                     : "memory", "r8", "r9", "r10", "r11");
        ::_exit(static_cast<int>(-result));
    }
    const int status = status_of(child);
    return expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the end of a narrow exec", status);
}
#endif

struct Mode {
    const char* name;
    bool (*run)(int count);
};
constexpr Mode modes[] = {{"kills", kills},
                          {"stops", stops},
                          {"threads", threads},
                          {"leaders", leaders},
                          {"vforks", vforks},
                          {"descriptors", descriptors},
                          {"filter", filter},
                          {"at-once", at_once},
#ifdef __x86_64__
                          {"narrow", narrow},
#endif
                          {"by-descriptor", by_descriptor}};

} // namespace

int main(int argc, char** argv) {
    if (argc < 3 || std::strlen(argv[2]) >= sizeof program_text) {
        std::fputs("usage: exec_payload MODE PROGRAM [COUNT]\n", stderr);
        return 64;
    }
    std::strcpy(program_text, argv[2]);
    ::alarm(120);
    for (const Mode& mode : modes)
        if (std::strcmp(mode.name, argv[1]) == 0 && mode.run(argc > 3 ? std::atoi(argv[3]) : 1)) {
            std::printf("%s: as expected\n", mode.name);
            return 0;
        }
    return 1;
}
