#include "tests/escape/machine_snapshot.hpp"

#include "tests/escape/bait.hpp"

#include <ctime>
#include <sstream>

#include <sys/utsname.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
    try {
        return sys::read_file_if_exists(path).value_or("(absent)");
    } catch (const std::exception& error) { // a setting that cannot be read stays so
        return error.what();
    }
}

std::vector<std::string> words_of(const std::string& line) {
    std::istringstream stream{line};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

void add_settings(Snapshot& snapshot) {
    for (const char* name : {"kernel/core_pattern",
                             "kernel/core_uses_pid",
                             "kernel/modprobe",
                             "kernel/hostname",
                             "kernel/domainname",
                             "kernel/sysrq",
                             "kernel/panic",
                             "kernel/hotplug",
                             "kernel/randomize_va_space",
                             "kernel/kptr_restrict",
                             "kernel/dmesg_restrict",
                             "kernel/pid_max",
                             "kernel/printk",
                             "kernel/unprivileged_bpf_disabled",
                             "kernel/yama/ptrace_scope",
                             "vm/overcommit_memory",
                             "vm/swappiness",
                             "fs/file-max",
                             "fs/protected_symlinks",
                             "fs/suid_dumpable",
                             "fs/binfmt_misc/status",
                             "net/ipv4/ip_forward",
                             "user/max_user_namespaces"})
        snapshot[fmt::format("setting {}", name)] = text_of(fs::path{"/proc/sys"} / name);
    std::istringstream modules{text_of("/proc/modules")}; // by name: others may be using them
    for (std::string line; std::getline(modules, line);)
        snapshot["module " + line.substr(0, line.find(' '))] = "loaded";
    for (const char* name : {"/proc/swaps", "/proc/self/mountinfo", "/proc/self/cgroup", "/proc/cmdline",
                             "/sys/kernel/uevent_helper", "/sys/kernel/profiling"})
        snapshot[name] = text_of(name);
    struct utsname name = {};
    ::uname(&name);
    snapshot["uname"] = fmt::format("{} {}", name.nodename, name.domainname);
}

/// Key, number, mode and size; the rest tells who has looked when.
void add_ipc(Snapshot& snapshot) {
    for (const char* kind : {"shm", "msg", "sem"}) {
        std::istringstream lines{text_of(fs::path{"/proc/sysvipc"} / kind)};
        for (std::string line; std::getline(lines, line);) {
            const auto words = words_of(line);
            if (words.size() > 4)
                snapshot[fmt::format("{} {}", kind, words[1])] = words[0] + " " + words[2] + " " + words[3];
        }
    }
}

/// Keyrings of sessions come and go with their processes, those of users (a register and two for each user)
/// with their user namespace, some time after its last process; what is put into one is a key, with a line of
/// its own. Keys are in no namespace: the bait of other tests that run now, and the keys of a systemd that is
/// booted for tests (invocation_id of its services), are none of ours.
void add_keys(Snapshot& snapshot) {
    std::istringstream lines{text_of("/proc/keys")};
    for (std::string line; std::getline(lines, line);) {
        const auto words = words_of(line);
        if (words.size() < 9 || words[8].starts_with("_ses") || words[8].starts_with("_tid") ||
            words[8].starts_with("_pid") || words[8].starts_with("_uid") ||
            words[8].starts_with(".user_reg") || words[8].starts_with("invocation_id") ||
            words[8].starts_with(Bait::key_prefix))
            continue;
        snapshot["key " + words[0]] = words[4] + " " + words[5] + " " + words[7] + " " + words[8];
    }
}

void add_network(Snapshot& snapshot) {
    std::istringstream lines{text_of("/proc/self/net/dev")};
    for (std::string line; std::getline(lines, line);)
        if (const auto end = line.find(':'); end != std::string::npos)
            snapshot["network device " + line.substr(0, end)] = "";
}

void add_processes(Snapshot& snapshot) {
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
        const std::string pid = entry.path().filename();
        if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
        const std::string line = text_of(entry.path() / "stat");
        const auto name_end = line.rfind(')');
        if (name_end == std::string::npos) continue;
        const auto words = words_of(line.substr(name_end + 1)); // proc(5), from the third on
        if (words.size() < 20) continue;
        const bool stopped = words[0] == "T" || words[0] == "t" || words[0] == "Z";
        snapshot["process " + pid] = fmt::format("{} {} nice {} start {}", line.substr(0, name_end + 1),
                                                 stopped ? "stopped" : "alive", words[16], words[19]);
    }
}

void add_names(Snapshot& snapshot, const char* directory) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{directory, error})
        snapshot[fmt::format("in {}: {}", directory, entry.path().filename().string())] = "";
}

} // namespace

Snapshot machine_snapshot(const fs::path& tree, const fs::path& but) {
    const std::string hidden = but.string().substr(tree.string().size());
    Snapshot result;
    for (auto& [path, state] : snapshot(tree))
        if (path != hidden && !path.starts_with(hidden + "/")) result["tree " + path] = state;
    add_settings(result);
    add_ipc(result);
    add_keys(result);
    add_network(result);
    add_processes(result);
    for (const char* directory : {"/dev/pts", "/dev/shm", "/dev"}) add_names(result, directory);
    return result;
}

double clock_offset() {
    timespec wall = {}, monotonic = {};
    ::clock_gettime(CLOCK_REALTIME, &wall);
    ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
    return static_cast<double>(wall.tv_sec - monotonic.tv_sec) +
           static_cast<double>(wall.tv_nsec - monotonic.tv_nsec) / 1e9;
}

} // namespace disco::tests
