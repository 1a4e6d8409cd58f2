#pragma once

#include "policy/call_filter.hpp"
#include "policy/call_table.hpp"
#include "policy/profile.hpp"
#include "runner/model/run_report.hpp"

#include <cerrno>
#include <cstdint>
#include <map>
#include <vector>

#include <linux/filter.h>
#include <linux/seccomp.h>

namespace disco::policy {

/// A process of a sandbox stands under two seccomp programs, and the stricter answer counts (seccomp(2)): the
/// sandbox's, which PID 1 loads before it has a view, and its profile's. Together they say which calls are
/// allowed, which get EPERM (known and forbidden) or ENOSYS (unknown), for the programs of an architecture
/// and for its 32-bit ones (i386, arm); all calls of another ABI, as x32, are refused. A few depend on an
/// argument: namespaces by clone(2), terminal tricks by ioctl(2), far-reaching socket families. A plan says
/// it call by call, and is what is compiled; compiling throws sys::Error. All are pure.

using Profiles = std::map<model::Profile, ProfilePolicy>;

/// What both say of every call of an ABI that their plans do not have.
inline constexpr std::uint32_t on_other_abis = SECCOMP_RET_ERRNO | EPERM;

/// The sandbox's: what no profile allows or reports, but for what PID 1 needs to build the view.
[[nodiscard]] std::vector<AbiCalls> plan_sandbox_filter(const Profiles& profiles, const CallTable& table);
[[nodiscard]] std::vector<sock_filter> compile_sandbox_filter(const Profiles& profiles,
                                                              const CallTable& table);

/// The rest, and that the parent hears of devices that are made, and of every exec without the token that is
/// to replace `no_exec_token`: short, because the kernel translates it anew for each program that is started.
[[nodiscard]] std::vector<AbiCalls> plan_program_filter(model::Profile profile, const Profiles& profiles,
                                                        const CallTable& table);
[[nodiscard]] std::vector<sock_filter>
compile_program_filter(model::Profile profile, const Profiles& profiles, const CallTable& table);

} // namespace disco::policy
