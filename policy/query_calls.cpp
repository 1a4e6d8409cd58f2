#include "policy/query_calls.hpp"

#include "policy/seccomp_program.hpp"

#include <cerrno>
#include <map>
#include <set>
#include <string_view>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace disco::policy {
namespace {

using ArgumentRule = CallVerdict::ArgumentRule;
using Test = ArgumentRule::Test;

constexpr std::uint32_t allow = SECCOMP_RET_ALLOW, refuse = SECCOMP_RET_ERRNO | EPERM,
                        unknown = SECCOMP_RET_ERRNO | ENOSYS, pretend = SECCOMP_RET_ERRNO;

/// Allowed in a sandbox, where they change the sandbox alone.
const std::set<std::string_view>& changing_calls() {
    static const std::set<std::string_view> names = {
        // files
        "truncate", "truncate64", "ftruncate", "ftruncate64", "fallocate", "creat", "mkdir", "mkdirat",
        "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
        "symlinkat", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown",
        "fchown", "fchownat", "utime", "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr",
        "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "sync", "syncfs", "fsync", "fdatasync",
        "sync_file_range", "chroot",
        // other processes
        "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "tkill", "process_madvise",
        "process_mrelease", "setpriority", "nice", "ioprio_set", "sched_setparam", "sched_setscheduler",
        "sched_setattr", "sched_setaffinity",
        // what is counted for the whole machine, or outlives the process
        "io_setup", "io_submit", "mlock", "mlock2", "mlockall", "shmget", "shmat", "shmctl", "semget",
        "semop", "semctl", "semtimedop", "msgget", "msgsnd", "msgctl", "mq_open", "mq_unlink", "mq_timedsend",
        "mq_notify",
        // sockets that others would come to
        "listen", "accept", "accept4"};
    return names;
}

/// What is asked of terminals, pipes, devices, file systems and network interfaces.
std::vector<std::uint32_t> asking_requests() {
    return {// terminals and descriptors
            0x5401, 0x540F, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451, 0x5429,
            // block devices: read-only, size, sector, read-ahead, topology, rotation
            0x125E, 0x1260, 0x1263, 0x1268, 0x1278, 0x1279, 0x127A, 0x127B, 0x127C, 0x127E, 0x80081270,
            0x80081272, 0x0301,
            // loop and md devices, CD-ROM drives
            0x4C05, 0x80480911, 0x800C0910, 0x5326, 0x5327, 0x5331,
            // attributes, extents and projects of files; btrfs: search, info, device info
            0x80086601, 0x801C581F, 0xC020660B, 0xD0009411, 0x8400941F, 0xD000941E,
            // network interfaces
            0x8910, 0x8912, 0x8913, 0x8915, 0x8917, 0x8919, 0x891B, 0x891D, 0x891F, 0x8921, 0x8927, 0x8933,
            0x8942, 0x8970,
            // namespaces
            0xB701, 0xB702, 0xB703, 0xB704};
}

std::vector<std::uint32_t> locking_commands() {
    constexpr std::uint32_t ofd_set_lock = 37, ofd_set_lock_wait = 38;
    return {F_SETLK, F_SETLKW, ofd_set_lock, ofd_set_lock_wait};
}

std::map<std::string_view, CallVerdict> argument_rules(QueryReach reach) {
    constexpr std::uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                         CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    // F_SETOWN, F_SETSIG, F_SETOWN_EX: signals for others.
    constexpr std::uint32_t set_owner = 8, set_signal = 10, set_owner_ex = 15;
    // IPT_SO_SET_REPLACE and its kin: tables of the packet filter by setsockopt(2).
    const std::vector<std::uint32_t> tables = {64, 65, 96, 97, 128, 129};
    // Services are spoken to by streams: a datagram could be addressed to another one.
    constexpr std::uint32_t at_exec = SOCK_CLOEXEC, at_once = SOCK_NONBLOCK;
    std::vector<std::uint32_t> streams;
    for (const std::uint32_t type : {std::uint32_t{SOCK_STREAM}, std::uint32_t{SOCK_SEQPACKET}})
        for (const std::uint32_t flags : {0U, at_exec, at_once, at_exec | at_once})
            streams.push_back(type | flags);
    constexpr std::uint32_t no_family = SECCOMP_RET_ERRNO | EAFNOSUPPORT;
    constexpr std::uint32_t heard = SECCOMP_RET_USER_NOTIF;
    CallVerdict sockets{
        no_family, {ArgumentRule{2, Test::equals_any, {NETLINK_AUDIT}, SECCOMP_RET_ERRNO | EPROTONOSUPPORT}}};
    if (reach.network)
        sockets.unless.push_back(ArgumentRule{0, Test::equals_any, {AF_NETLINK, AF_INET, AF_INET6}, heard});
    else if (reach.services) // in a network of its own
        sockets.unless.push_back(ArgumentRule{0, Test::equals_any, {AF_NETLINK}, allow});
    if (reach.services) {
        constexpr std::uint32_t other_than_unix = ~std::uint32_t{AF_UNIX}; // which is 1; there is no family 0
        sockets.unless.push_back(ArgumentRule{0, Test::has_any_bit, {other_than_unix}, no_family});
        sockets.unless.push_back(ArgumentRule{1, Test::equals_any, streams, allow});
    }
    // Landlock would keep it from looking at other processes, and so cannot keep it from writing.
    constexpr std::uint32_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    const auto opening = [&](unsigned flags) {
        CallVerdict verdict{allow};
        if (reach.processes)
            verdict.unless.push_back(
                ArgumentRule{flags, Test::has_any_bit, {writing}, SECCOMP_RET_ERRNO | EACCES});
        return verdict;
    };
    const CallVerdict watched{heard};
    const CallVerdict by_network = reach.network ? watched : CallVerdict{allow};
    // With it two threads share their descriptors, and one could change what the other was seen to use.
    const std::uint32_t no_clone = namespaces | (reach.network ? CLONE_FILES : 0U);
    const std::uint32_t forks = reach.forks ? heard : allow;
    CallVerdict control{SECCOMP_RET_ERRNO | ENOTTY,
                        {ArgumentRule{1, Test::equals_any, asking_requests(), allow}}};
    CallVerdict options{allow, {ArgumentRule{2, Test::equals_any, tables, refuse}}}, looks{allow};
    if (reach.network) {
        constexpr std::uint32_t of_socket = SOL_SOCKET, of_netlink = 270; // SOL_NETLINK
        control.unless.push_back(ArgumentRule{1, Test::equals_any, {SIOCETHTOOL}, heard});
        options = {refuse, {ArgumentRule{1, Test::equals_any, {of_socket, of_netlink}, allow}}};
        looks = {heard, {ArgumentRule{1, Test::equals_any, {of_socket, of_netlink}, allow}}};
    }
    return {
        {"clone", {forks, {ArgumentRule{0, Test::has_any_bit, {no_clone}, refuse}}}},
        {"fork", {forks}},
        {"vfork", {forks}},
        {"ioctl", control},
        {"fcntl",
         {allow,
          {ArgumentRule{1, Test::equals_any, locking_commands(), pretend},
           ArgumentRule{1,
                        Test::equals_any,
                        {set_owner, set_signal, set_owner_ex, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ},
                        refuse}}}},
        {"flock", {pretend}},
        {"kill", {refuse, {ArgumentRule{1, Test::equals_any, {0}, allow}}}}, // whether it is there
        {"tgkill", {refuse}},
        {"prlimit64", // one's own limits, and nobody else's new ones
         {refuse,
          {ArgumentRule{0, Test::equals_any, {0}, allow}, ArgumentRule{2, Test::equals_any, {0}, allow}}}},
        // Ways to write round write(2): programs go on without them.
        {"sendfile", {unknown}},
        {"splice", {unknown}},
        {"tee", {unknown}},
        {"vmsplice", {unknown}},
        {"copy_file_range", {unknown}},
        {"open", opening(1)},
        {"openat", opening(2)},
        {"openat2", {unknown}}, // its flags are in memory; who gets ENOSYS uses the others
        {"socket", sockets},
        {"connect", reach.services ? watched : CallVerdict{SECCOMP_RET_ERRNO | EACCES}},
        {"bind", by_network},
        {"sendto", by_network},
        {"sendmsg", by_network},
        {"write", by_network},
        {"writev", by_network},
        {"sendmmsg", reach.network ? CallVerdict{refuse} : CallVerdict{allow}},
        {"pwritev2", reach.network ? CallVerdict{refuse} : CallVerdict{allow}},
        {"socketpair", {refuse, {ArgumentRule{1, Test::equals_any, streams, allow}}}},
        {"setsockopt", options},
        {"getsockopt", looks},
        {"personality", {refuse, {ArgumentRule{0, Test::equals_any, {0x0, 0xffffffff}, allow}}}},
    };
}

CallVerdict plain_verdict(const ProfilePolicy& live, std::string_view name) {
    const auto rule = live.calls.find(name);
    if (rule == live.calls.end()) return {unknown};
    return {rule->second.kind == CallRule::Kind::allow ? allow : refuse};
}

AbiCalls native_calls(const AbiTable& abi) {
    constexpr std::uint32_t x32 = 0x40000000; // __X32_SYSCALL_BIT
    AbiCalls list;
    list.audit_arch = abi.audit_arch;
    list.otherwise = unknown;
    if (abi.audit_arch == AUDIT_ARCH_X86_64) list.beyond = {x32, refuse};
    return list;
}

} // namespace

std::vector<AbiCalls> plan_query_filter(const ProfilePolicy& live, const CallTable& table, QueryReach reach) {
    const auto by_argument = argument_rules(reach);
    std::vector<AbiCalls> lists;
    for (const AbiTable& abi : table.abis) {
        if (!abi.native) continue;
        AbiCalls& list = lists.emplace_back(native_calls(abi));
        for (const auto& [name, number] : abi.numbers) {
            const auto rule = by_argument.find(name);
            list.calls[number] = rule != by_argument.end()         ? rule->second
                                 : changing_calls().contains(name) ? CallVerdict{refuse}
                                                                   : plain_verdict(live, name);
        }
    }
    return lists;
}

std::vector<AbiCalls> plan_action_filter(const ProfilePolicy& live, const CallTable& table) {
    const auto by_argument = argument_rules({});
    std::vector<AbiCalls> lists;
    for (const AbiTable& abi : table.abis) {
        AbiCalls& list = lists.emplace_back(native_calls(abi));
        for (const auto& [name, number] : abi.numbers) {
            list.calls[number] = plain_verdict(live, name);
            if (name == "clone" || name == "personality") list.calls[number] = by_argument.at(name);
            if (name == "ioctl")
                list.calls[number] = {
                    allow, {ArgumentRule{1, Test::equals_any, {TIOCSTI, TIOCLINUX, TIOCSETD}, refuse}}};
            if (name == "socket")
                list.calls[number] = {
                    SECCOMP_RET_ERRNO | EAFNOSUPPORT,
                    {ArgumentRule{2, Test::equals_any, {NETLINK_AUDIT}, SECCOMP_RET_ERRNO | EPROTONOSUPPORT},
                     ArgumentRule{0, Test::equals_any, {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}, allow}}};
        }
    }
    return lists;
}

std::vector<sock_filter> compile_query_filter(const ProfilePolicy& live, const CallTable& table,
                                              QueryReach reach) {
    return compile_calls(plan_query_filter(live, table, reach), on_other_abis);
}

std::vector<sock_filter> compile_action_filter(const ProfilePolicy& live, const CallTable& table) {
    return compile_calls(plan_action_filter(live, table), on_other_abis);
}

} // namespace disco::policy
