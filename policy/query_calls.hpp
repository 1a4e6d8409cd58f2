#pragma once

#include "policy/call_filter.hpp"
#include "policy/call_table.hpp"
#include "policy/profile.hpp"

#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// What a question may reach besides files, each under the eyes of who supervises it
/// (SECCOMP_RET_USER_NOTIF).
struct QueryReach {
    bool services = false; ///< of the machine, by connect(2)
    bool network = false;  ///< the kernel's, by netlink and ioctl(2), by sockets that are made for it
    bool forks = false;    ///< processes without a bound of the kernel's, as root: they are counted
    bool processes =
        false; ///< of others, with CAP_SYS_PTRACE, and so /proc/PID/root: it opens nothing to write
};

/// The seccomp program of a question that is put to the machine: what `live` allows, less every call that
/// changes a file, a process, a lock or anything else outside of the process itself, and of ioctl(2) only
/// what is known to ask. Locks are pretended: who only reads needs none, and a lock would hold up others.
/// Programs of other ABIs cannot run. The plan is what is compiled, which throws sys::Error. Pure.
[[nodiscard]] std::vector<AbiCalls> plan_query_filter(const ProfilePolicy& live, const CallTable& table,
                                                      QueryReach reach);
[[nodiscard]] std::vector<sock_filter> compile_query_filter(const ProfilePolicy& live, const CallTable& table,
                                                            QueryReach reach);

/// `live` for programs that nobody watches: what it reports is refused, and nothing is heard.
[[nodiscard]] std::vector<AbiCalls> plan_action_filter(const ProfilePolicy& live, const CallTable& table);
[[nodiscard]] std::vector<sock_filter> compile_action_filter(const ProfilePolicy& live,
                                                             const CallTable& table);

} // namespace disco::policy
