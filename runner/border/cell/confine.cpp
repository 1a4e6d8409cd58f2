#include "runner/border/cell/confine.hpp"

#include "policy/walls.hpp"
#include "runner/border/cell/failure.hpp"
#include "runner/sys/capability_set.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace disco::border::cell {
namespace {

using policy::Wall;
using policy::wall_stands;

using Capabilities = std::vector<cap_value_t>;

void bound_capabilities(const Capabilities& kept) {
    for (cap_value_t capability = 0; CAP_IS_SUPPORTED(capability); ++capability)
        if (std::count(kept.begin(), kept.end(), capability) == 0 && ::cap_drop_bound(capability) != 0)
            fail("give up a capability in the", "bounding set");
}

void set_capabilities(const Capabilities& kept) {
    const sys::CapabilitySet set{::cap_init()};
    bool made = set != nullptr;
    for (const cap_flag_t flag : {CAP_PERMITTED, CAP_EFFECTIVE, CAP_INHERITABLE})
        made = made && (kept.empty() || ::cap_set_flag(set.get(), flag, static_cast<int>(kept.size()),
                                                       kept.data(), CAP_SET) == 0);
    if (!made || ::cap_set_proc(set.get()) != 0) fail("set", "the capabilities");
    if (::cap_reset_ambient() != 0) fail("clear", "the ambient capabilities");
    for (const cap_value_t capability : kept)
        if (::cap_set_ambient(capability, CAP_SET) != 0) fail("keep", "a capability over exec");
}

void forbid_new_privileges() {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("set", "no_new_privs");
}

} // namespace

void close_descriptors_above_standard() {
    if (!wall_stands(Wall::query_descriptors)) return;
    if (::syscall(SYS_close_range, 3U, ~0U, 0) != 0) fail("close", "the caller's descriptors");
}

void give_empty_input() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0 || ::dup2(ends[0], 0) < 0) fail("empty", "standard input");
    ::close(ends[0]);
    ::close(ends[1]);
}

void limit_resources(std::size_t others) {
    if (!wall_stands(Wall::query_limits)) return;
    struct Row {
        __rlimit_resource_t resource;
        rlim_t limit;
        const char* name;
    };
    constexpr rlim_t mib = rlim_t{1} << 20;
    const Row rows[] = {{RLIMIT_NPROC, 64 + others, "processes"},   {RLIMIT_FSIZE, 0, "file size"},
                        {RLIMIT_NOFILE, 1024, "open files"},        {RLIMIT_CPU, 15, "processor time"},
                        {RLIMIT_AS, 4096 * mib, "address space"}, // Go reserves more than it uses
                        {RLIMIT_DATA, 1024 * mib, "memory"},        {RLIMIT_CORE, 0, "core dumps"},
                        {RLIMIT_MEMLOCK, 0, "locked memory"},       {RLIMIT_MSGQUEUE, 0, "message queues"},
                        {RLIMIT_SIGPENDING, 256, "pending signals"}};
    for (const Row& row : rows) {
        struct rlimit now = {};
        ::getrlimit(row.resource, &now);
        const rlim_t limit = now.rlim_max < row.limit ? now.rlim_max : row.limit;
        const struct rlimit wanted = {limit, limit};
        if (::setrlimit(row.resource, &wanted) != 0) fail("limit", row.name);
    }
}

void bound_process_numbers() {
    constexpr std::string_view most = "384"; // the least is 301: RESERVED_PIDS in kernel/pid.c
    struct utsname name = {};
    int major = 0, minor = 0;
    const bool known = ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2;
    if (!known || std::pair{major, minor} < std::pair{6, 14} || !wall_stands(Wall::process_numbers)) return;
    const int file = ::open("/proc/sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
    if (file < 0 && (errno == EROFS || errno == ENOENT)) return; // a container: they are counted all the same
    if (file < 0 || ::write(file, most.data(), most.size()) < 0) fail("bound", "the numbers of processes");
    ::close(file);
}

void become(uid_t user, const Needs& needs) {
    if (!wall_stands(Wall::query_user)) return forbid_new_privileges();
    Capabilities kept;
    if (needs.read_all) kept.push_back(CAP_DAC_READ_SEARCH);
    if (needs.ptrace) kept.push_back(CAP_SYS_PTRACE);
    bound_capabilities(kept);
    if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) fail("keep", "capabilities");
    if (::setgroups(0, nullptr) != 0) fail("leave", "all groups");
    const auto group = static_cast<gid_t>(user);
    if (::setresgid(group, group, group) != 0 || ::setresuid(user, user, user) != 0)
        fail("become the user", std::to_string(user));
    // With the user id 0 the program would get all that is left in the bounding set: it is just that.
    set_capabilities(kept);
    if (::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0) fail("lose", "capabilities at exec");
    forbid_new_privileges();
}

void keep_capabilities_over_files() {
    const Capabilities kept = {CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FOWNER,  CAP_FSETID,          CAP_KILL,
                               CAP_SETGID, CAP_SETUID,       CAP_SETFCAP, CAP_NET_BIND_SERVICE};
    bound_capabilities(kept);
    set_capabilities(kept);
    forbid_new_privileges();
}

Filter read_filter(const std::string& lib, const std::string& name) {
    const std::string file = lib + "/compiled/" + name;
    std::FILE* in = std::fopen(file.c_str(), "re");
    if (in == nullptr) fail("open", file);
    Filter filter(BPF_MAXINSNS + 1);
    filter.resize(std::fread(filter.data(), sizeof(sock_filter), filter.size(), in));
    const bool whole = std::ferror(in) == 0 && std::feof(in) != 0;
    std::fclose(in);
    errno = EBADMSG;
    if (!whole || filter.empty() || filter.size() > BPF_MAXINSNS) fail("use the filter of calls", file);
    return filter;
}

int load_filter(Filter filter, Listen listen) {
    if (!wall_stands(Wall::query_filter)) return -1;
    const struct sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
    const bool listens = listen == Listen::yes;
    const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  listens ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, &program);
    if (result < 0) fail("load", "a filter of calls");
    return listens ? static_cast<int>(result) : -1;
}

void leave_keyring() {
    if (::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) >= 0) return;
    // A kernel without keys, or a container that refuses the call: then no key is within reach.
    if (errno != ENOSYS && errno != EPERM) fail("leave", "the caller's keyring");
}

} // namespace disco::border::cell
