#pragma once

#include "runner/model/report.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// How a sandbox or a program in it is confined: values only, ready for policy/apply.
struct Confinement {
    std::uint64_t capabilities = 0; ///< what it may have: bit N is capability N (capabilities(7))
    std::vector<sock_filter> calls; ///< a seccomp program (seccomp(2))
};

/// Of everything in a sandbox: the most that any profile allows. The seccomp program was compiled at build
/// time and is read from `lib` ("LIB/filters/sandbox.bpf"). Throws SysError or Error when a file is missing
/// or damaged.
[[nodiscard]] Confinement load_sandbox_confinement(const std::filesystem::path& lib);

/// What template_, strict, simulate or live take away beyond that; throws like it.
[[nodiscard]] Confinement load_confinement(model::Profile profile, const std::filesystem::path& lib);

} // namespace disco::policy
