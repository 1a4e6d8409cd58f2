#pragma once

#include "policy/call_table.hpp"
#include "policy/profile.hpp"

#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// What a question may reach besides files, each under the eyes of who supervises it
/// (SECCOMP_RET_USER_NOTIF).
struct QueryReach {
    bool services = false; ///< of the machine, by connect(2)
    bool rules = false;    ///< of the packet filter, by netlink, with CAP_NET_ADMIN
    bool processes =
        false; ///< of others, with CAP_SYS_PTRACE, and so /proc/PID/root: it opens nothing to write
};

/// The seccomp program of a question that is put to the machine: what `live` allows, less every call that
/// changes a file, a process, a lock or anything else outside of the process itself, and of ioctl(2) only
/// what is known to ask. Locks are pretended: who only reads needs none, and a lock would hold up others.
/// Programs of other ABIs cannot run. Throws sys::Error. Pure.
[[nodiscard]] std::vector<sock_filter> compile_query_filter(const ProfilePolicy& live, const CallTable& table,
                                                            QueryReach reach);

/// `live` for programs that nobody watches: what it reports is refused, and nothing is heard.
[[nodiscard]] std::vector<sock_filter> compile_action_filter(const ProfilePolicy& live,
                                                             const CallTable& table);

} // namespace disco::policy
