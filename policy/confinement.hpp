#pragma once

#include "runner/model/report.hpp"

#include <cstdint>
#include <filesystem>
#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// How a profile confines a program: values only, ready for `apply`.
struct Confinement {
    std::uint64_t capabilities =
        0; ///< bounding, permitted and effective set: bit N is capability N (capabilities(7))
    std::vector<sock_filter> calls; ///< a seccomp program (seccomp(2))
};

/// The confinement of template_, strict, simulate or live. The seccomp program was compiled at build time
/// and is read from `lib` ("LIB/filters/strict.bpf"). Throws SysError or Error when a file is missing or
/// damaged.
[[nodiscard]] Confinement load_confinement(model::Profile profile, const std::filesystem::path& lib);

} // namespace disco::policy
