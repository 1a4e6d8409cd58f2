// I: more of the machine than a program may have, as far as one call asks for it. Those that fill and
// multiply are in tests/escape/resource_test.cpp, each with a sandbox of its own.

#include "tests/payloads/escape/attempt.hpp"

#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

namespace escape {
namespace {

Verdict realtime() {
    const struct sched_param first = {1};
    return by_result(::sched_setscheduler(0, SCHED_FIFO, &first));
}
Verdict negative_nice() { return by_result(::setpriority(PRIO_PROCESS, 0, -5)); }
Verdict realtime_io() { return by_result(::syscall(SYS_ioprio_set, 1, 0, 1 << 13)); } // IOPRIO_CLASS_RT
Verdict raise_open_files() {
    struct rlimit limit = {};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= 1U << 20) limit.rlim_max = 1U << 19;
    ::setrlimit(RLIMIT_NOFILE, &limit); // lower, then up again
    limit.rlim_max += 1;
    return by_result(::setrlimit(RLIMIT_NOFILE, &limit));
}
Verdict lock_memory() {
    const struct rlimit little = {4096, 4096};
    ::setrlimit(RLIMIT_MEMLOCK, &little);
    constexpr std::size_t size = 1U << 20;
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return by_result(::mlock(memory, size));
}
Verdict big_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return held_by_errno();
    return by_result(::fcntl(ends[1], F_SETPIPE_SZ, 4 << 20));
}
Verdict huge_pages() {
    const int id = static_cast<int>(::syscall(SYS_shmget, 0, 2 << 20, 04000 | 01000 | 0600)); // SHM_HUGETLB
    return by_result(id);
}
/// A crash must not call the machine's handler of core dumps: only at a limit of 1 is it not called.
Verdict core_handler() {
    struct rlimit limit = {0, 0};
    ::setrlimit(RLIMIT_CORE, &limit);
    ::syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, nullptr);
    // A pointer whose low half is 0.
    void* const place = ::mmap(reinterpret_cast<void*>(std::uintptr_t{1} << 33), sizeof limit,
                               PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (place != MAP_FAILED) ::syscall(SYS_prlimit64, 0, RLIMIT_CORE, place, nullptr);
    ::getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur == 1 && limit.rlim_max == 1 ? held("the limit is 1")
                                                      : got_through("it would be called");
}
/// Reads what nobody writes; the time-out of the attempt ends it.
Verdict fifo() {
    const std::string path = std::string{scratch} + "/fifo";
    if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) return held_by_errno();
    ::alarm(1);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return fd < 0 ? held_by_errno() : held("somebody wrote");
}
Verdict deep_tree() {
    if (::chdir(scratch) != 0) return held_by_errno();
    for (int depth = 0; depth < 3000; ++depth)
        if (::mkdir("d", 0755) != 0 || ::chdir("d") != 0) return held_by_errno();
    return held("made; it goes with the sandbox");
}
/// A stopped process must not keep the sandbox from ending.
Verdict stopped_child() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        for (int fd = 0; fd < 3; ++fd) ::close(fd); // or whoever reads what we print would wait
        ::alarm(60);
        ::raise(SIGSTOP);
        ::_exit(0);
    }
    return held("left behind, for the end of the sandbox");
}
Verdict many_files() {
    const std::string path = std::string{scratch} + "/many";
    ::mkdir(path.c_str(), 0755);
    for (int i = 0; i < 2000; ++i) {
        const int fd = ::open((path + "/" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) return held_by_errno();
        ::close(fd);
    }
    return held("made; they go with the sandbox");
}

/// Who uses up the machine's process numbers leaves none to others.
Verdict process_numbers() {
    struct utsname name = {};
    int major = 0, minor = 0;
    if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2)
        return held_by_errno();
    if (major < 6 || (major == 6 && minor < 14)) return absent("process numbers of its own");
    std::FILE* const file = std::fopen("/proc/sys/kernel/pid_max", "re");
    if (file == nullptr) return held_by_errno();
    long most = 0;
    const int read = std::fscanf(file, "%ld", &most);
    std::fclose(file);
    if (read != 1) return held_by_errno();
    return most <= 4608 ? held(std::to_string(most)) : got_through(std::to_string(most));
}

} // namespace

Attempts resource_attempts() {
    return {{"realtime", realtime},
            {"negative_nice", negative_nice},
            {"realtime_io", realtime_io},
            {"raise_open_files", raise_open_files},
            {"lock_memory", lock_memory},
            {"big_pipe", big_pipe},
            {"huge_pages", huge_pages},
            {"core_handler", core_handler},
            {"fifo", fifo},
            {"deep_tree", deep_tree},
            {"stopped_child", stopped_child},
            {"many_files", many_files},
            {"process_numbers", process_numbers}};
}

} // namespace escape
