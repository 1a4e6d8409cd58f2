// escape run GROUPS [NAME…]   makes the attempts of the groups (A B F …, or "all"), or only those named
// escape am-i-out             exits with 0 and says ESCAPED when it runs outside a sandbox
//
// Prints "NAME: escaped: HOW", "NAME: held: WHY" or "NAME: absent: WHAT" on standard error, which every kind
// of step passes on, and exits with 0.

#include "tests/payloads/escape/attempt.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace escape {
namespace {

constexpr unsigned seconds_for_each = 5;

const std::map<std::string, std::string>& settings() {
    static const auto all = [] {
        std::map<std::string, std::string> found;
        std::ifstream file{"/escape/config"};
        std::string name, value;
        while (file >> name && std::getline(file >> std::ws, value)) found[name] = value;
        return found;
    }();
    return all;
}

struct Group {
    char letter;
    Attempts attempts;
};

std::vector<Group> groups() {
    return {{'A', file_attempts()},      {'B', mount_attempts()},  {'C', namespace_attempts()},
            {'D', device_attempts()},    {'E', kernel_attempts()}, {'F', call_attempts()},
            {'F', other_abi_attempts()}, {'G', ipc_attempts()},    {'H', shell_attempts()},
            {'I', resource_attempts()},  {'L', broker_attempts()}, {'M', descriptor_attempts()},
            {'N', outsider_attempts()}};
}

void say(const char* name, const std::string& verdict) {
    std::string line = std::string{name} + ": " + verdict;
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    [[maybe_unused]] const auto ignored = ::write(2, line.data(), line.size());
}

std::string make(const Attempt& attempt) {
    const Verdict verdict = attempt.make();
    const bool is_absent = !verdict.escaped && verdict.how.starts_with("absent: ");
    return verdict.escaped ? "escaped: " + verdict.how : is_absent ? verdict.how : "held: " + verdict.how;
}

/// In a child: what it does to itself is gone with it, and a wall may kill it. It leads a process group, so
/// that what it has started goes, too.
void make_apart(const Attempt& attempt) {
    const pid_t child = ::fork();
    if (child < 0) return say(attempt.name, "held: fork failed");
    if (child == 0) {
        ::setpgid(0, 0);
        ::alarm(seconds_for_each);
        // With the walls down, what it mounts must not stand in the way of the next one.
        if (::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 1) ::unshare(CLONE_NEWNS);
        ::mkdir(scratch, 0777);
        say(attempt.name, make(attempt));
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    ::kill(-child, SIGKILL);
    if (WIFSIGNALED(status))
        say(attempt.name, std::string{"held: killed by "} + ::strsignal(WTERMSIG(status)));
}

int run(const std::string& letters, const std::vector<std::string>& names) {
    if (settings().empty()) { // read now: an attempt may leave the root
        std::fputs("escape: there is no /escape/config\n", stderr);
        return 78;
    }
    for (const Group& group : groups()) {
        if (letters != "all" && letters.find(group.letter) == std::string::npos) continue;
        for (const Attempt& attempt : group.attempts)
            if (names.empty() || std::find(names.begin(), names.end(), attempt.name) != names.end())
                make_apart(attempt);
    }
    return 0;
}

/// The namespaces of the machine are in the settings.
int am_i_out() {
    for (const char* kind : {"mnt", "pid", "net", "ipc", "uts"}) {
        std::array<char, 64> target{};
        const std::string link = std::string{"/proc/self/ns/"} + kind;
        if (::readlink(link.c_str(), target.data(), target.size() - 1) < 0) continue;
        if (setting(std::string{"ns_"} + kind) == target.data()) {
            std::printf("ESCAPED: into the machine's %s\n", target.data());
            return 0;
        }
    }
    if (::access(setting("canary").c_str(), F_OK) == 0) {
        std::puts("ESCAPED: the canary can be seen");
        return 0;
    }
    std::puts("in the sandbox");
    return 1;
}

} // namespace

Verdict got_through(std::string how) { return {true, std::move(how)}; }
Verdict held(std::string why) { return {false, std::move(why)}; }
Verdict held_by_errno(int error) { return held(::strerror(error)); }
Verdict absent(std::string what) { return held("absent: " + std::move(what)); }

Verdict by_result(long result) {
    if (result >= 0) return got_through("the call succeeded");
    if (errno == ENODEV || errno == ENOENT || errno == ENOTSUP || errno == ENOSYS)
        return absent(::strerror(errno));
    return held_by_errno();
}

Verdict by_refusal(long result) {
    if (result >= 0) return got_through("the call succeeded");
    switch (errno) {
    case EPERM:
    case EACCES:
    case EAFNOSUPPORT:
    case EROFS: return held_by_errno();
    case ENOSYS: return absent(::strerror(errno));
    default: return got_through(std::string{"the kernel looked at the arguments: "} + ::strerror(errno));
    }
}

Verdict first_escape(const std::vector<Verdict>& verdicts) {
    for (const Verdict& verdict : verdicts)
        if (verdict.escaped) return verdict;
    return verdicts.empty() ? held("nothing to try") : verdicts.back();
}

Verdict by_open(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return by_result(-1);
    ::close(fd);
    return got_through("'" + path + "' was opened");
}

std::string setting(const std::string& name) {
    const auto found = settings().find(name);
    return found == settings().end() ? std::string{} : found->second;
}

long number_setting(const std::string& name) { return std::strtol(setting(name).c_str(), nullptr, 0); }

} // namespace escape

int main(int argc, char** argv) {
    const std::string command = argc > 1 ? argv[1] : "";
    if (command == "run" && argc > 2) return escape::run(argv[2], {argv + 3, argv + argc});
    if (command == "am-i-out") return escape::am_i_out();
    if (command == "am-i-root") return ::geteuid() == 0 ? 0 : 1;
    std::fputs("usage: escape run GROUPS [NAME…] | am-i-out | am-i-root\n", stderr);
    return 64;
}
