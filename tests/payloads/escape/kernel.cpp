// E: the kernel's knobs and what it tells. Opening one for writing is enough; nothing is written.

#include "tests/payloads/escape/attempt.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace escape {
namespace {

Verdict knob(const char* path) { return by_open(path, O_WRONLY); }
Verdict core_pattern() { return knob("/proc/sys/kernel/core_pattern"); }
Verdict modprobe() { return knob("/proc/sys/kernel/modprobe"); }
Verdict hotplug() { return knob("/proc/sys/kernel/hotplug"); }
Verdict uevent_helper() { return knob("/sys/kernel/uevent_helper"); }
Verdict profiling() { return knob("/sys/kernel/profiling"); }
Verdict sysrq_trigger() { return knob("/proc/sysrq-trigger"); }
Verdict sysrq() { return knob("/proc/sys/kernel/sysrq"); }
Verdict hostname() { return knob("/proc/sys/kernel/hostname"); }
Verdict panic() { return knob("/proc/sys/kernel/panic"); }
Verdict kptr_restrict() { return knob("/proc/sys/kernel/kptr_restrict"); }
Verdict ns_last_pid() { return knob("/proc/sys/kernel/ns_last_pid"); }
Verdict drop_caches() { return knob("/proc/sys/vm/drop_caches"); }
Verdict overcommit() { return knob("/proc/sys/vm/overcommit_memory"); }
Verdict ip_forward() { return knob("/proc/sys/net/ipv4/ip_forward"); }
Verdict file_max() { return knob("/proc/sys/fs/file-max"); }
Verdict user_namespaces() { return knob("/proc/sys/user/max_user_namespaces"); }
Verdict binfmt_register() { return knob("/proc/sys/fs/binfmt_misc/register"); }
Verdict irq_affinity() { return knob("/proc/irq/default_smp_affinity"); }
Verdict power_state() { return knob("/sys/power/state"); }
Verdict efivars() { return by_open("/sys/firmware/efi/efivars", O_RDONLY | O_DIRECTORY); }
Verdict firmware() { return by_open("/sys/firmware/acpi", O_RDONLY | O_DIRECTORY); }
Verdict module_parameters() { return knob("/sys/module/kernel/parameters/panic"); }
Verdict network_queue() { return knob("/sys/class/net/lo/mtu"); }
Verdict release_agent() { return knob("/sys/fs/cgroup/release_agent"); }
Verdict release_agent_v1() { return knob("/sys/fs/cgroup/memory/release_agent"); }
Verdict cgroup_kill() { return knob("/sys/fs/cgroup/cgroup.kill"); }
Verdict cgroup_procs() { return knob("/sys/fs/cgroup/cgroup.procs"); }
Verdict block_uevent() { return knob("/sys/block/loop0/uevent"); }

/// Masked files are /dev/null, which gives nothing.
Verdict reveals(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return by_result(-1);
    struct stat status = {};
    ::fstat(fd, &status);
    if (status.st_rdev == 0x103) return held("it is /dev/null"); // 1:3
    long value = 0;                                              // some give only whole words
    const ssize_t got = ::read(fd, &value, sizeof value);
    ::close(fd);
    return got > 0 ? got_through("it was read") : got == 0 ? absent("it is empty") : held_by_errno();
}
Verdict kcore() { return reveals("/proc/kcore"); }
Verdict keys() { return reveals("/proc/keys"); }
Verdict kmsg() { return by_open("/proc/kmsg", O_RDONLY).escaped ? reveals("/proc/kmsg") : held_by_errno(); }
Verdict kpageflags() { return reveals("/proc/kpageflags"); }
Verdict kpagecount() { return reveals("/proc/kpagecount"); }
Verdict kpagecgroup() { return reveals("/proc/kpagecgroup"); }
Verdict timer_list() { return reveals("/proc/timer_list"); }
Verdict acpi_tables() { return by_open("/proc/acpi/wakeup", O_RDONLY); }

Verdict oom_score() {
    const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return held_by_errno();
    return by_result(::write(fd, "-999", 4));
}

/// Of all in /proc that is no process's: what can be opened for writing.
void find_writable(const std::string& directory, int depth, std::string& found) {
    DIR* list = depth > 6 ? nullptr : ::opendir(directory.c_str());
    if (list == nullptr) return;
    while (const dirent* entry = ::readdir(list)) {
        const std::string name = entry->d_name;
        const std::string path = std::string{directory}.append("/").append(name);
        if (name == "." || name == "..") continue;
        if (directory == "/proc" && name.find_first_not_of("0123456789") == std::string::npos) continue;
        struct stat status = {};
        if (::lstat(path.c_str(), &status) != 0) continue;
        if (S_ISDIR(status.st_mode)) find_writable(path, depth + 1, found);
        // Root may open the others, too, but nobody can write to them.
        if (!S_ISREG(status.st_mode) || (status.st_mode & 0222) == 0) continue;
        const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) continue;
        ::close(fd);
        found += " " + path;
    }
    ::closedir(list);
}
/// Gives everything in /proc that is no process's the mode that it has.
void find_changeable(const std::string& directory, int depth, std::string& found) {
    DIR* list = depth > 2 ? nullptr : ::opendir(directory.c_str());
    if (list == nullptr) return;
    while (const dirent* entry = ::readdir(list)) {
        const std::string name = entry->d_name;
        const std::string path = std::string{directory}.append("/").append(name);
        if (name == "." || name == "..") continue;
        if (directory == "/proc" && name.find_first_not_of("0123456789") == std::string::npos) continue;
        struct stat status = {};
        if (::lstat(path.c_str(), &status) != 0 || S_ISLNK(status.st_mode)) continue;
        if (::chmod(path.c_str(), status.st_mode & 07777) == 0) found += " " + path;
        if (S_ISDIR(status.st_mode)) find_changeable(path, depth + 1, found);
    }
    ::closedir(list);
}
Verdict modes_in_proc() {
    std::string found;
    find_changeable("/proc", 0, found);
    return found.empty() ? held("none") : got_through("another mode for:" + found.substr(0, 500));
}

Verdict writable_in_proc() {
    std::string found;
    find_writable("/proc", 0, found);
    return found.empty() ? held("nothing") : got_through("open for writing:" + found);
}
Verdict writable_in_sys() {
    std::string found;
    find_writable("/sys/kernel", 0, found);
    find_writable("/sys/fs", 0, found);
    find_writable("/sys/power", 0, found);
    return found.empty() ? held("nothing") : got_through("open for writing:" + found.substr(0, 500));
}

} // namespace

Attempts kernel_attempts() {
    return {{"core_pattern", core_pattern},
            {"modprobe", modprobe},
            {"hotplug", hotplug},
            {"uevent_helper", uevent_helper},
            {"profiling", profiling},
            {"sysrq_trigger", sysrq_trigger},
            {"sysrq", sysrq},
            {"hostname_knob", hostname},
            {"panic", panic},
            {"kptr_restrict", kptr_restrict},
            {"ns_last_pid", ns_last_pid},
            {"drop_caches", drop_caches},
            {"overcommit", overcommit},
            {"ip_forward", ip_forward},
            {"file_max", file_max},
            {"user_namespaces", user_namespaces},
            {"binfmt_register", binfmt_register},
            {"irq_affinity", irq_affinity},
            {"power_state", power_state},
            {"efivars", efivars},
            {"firmware", firmware},
            {"module_parameters", module_parameters},
            {"network_queue", network_queue},
            {"release_agent", release_agent},
            {"release_agent_v1", release_agent_v1},
            {"cgroup_kill", cgroup_kill},
            {"cgroup_procs", cgroup_procs},
            {"block_uevent", block_uevent},
            {"kcore", kcore},
            {"keys", keys},
            {"kmsg", kmsg},
            {"kpageflags", kpageflags},
            {"kpagecount", kpagecount},
            {"kpagecgroup", kpagecgroup},
            {"timer_list", timer_list},
            {"acpi_wakeup", acpi_tables},
            {"oom_score", oom_score},
            {"writable_in_proc", writable_in_proc},
            {"modes_in_proc", modes_in_proc},
            {"writable_in_sys", writable_in_sys}};
}

} // namespace escape
