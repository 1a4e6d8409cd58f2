#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// How a sandbox or a program in it is confined: values only, ready for policy/apply.
struct Confinement {
    std::uint64_t capabilities = 0; ///< what it may have: bit N is capability N (capabilities(7))
    std::vector<sock_filter> calls; ///< a seccomp program (seccomp(2))
    bool operator==(const Confinement& other) const;
};

/// The bytes of a compiled confinement, for a file beside the program. `parse_confinement` throws sys::Error
/// when they are damaged; `file` is for its message.
[[nodiscard]] std::string print_confinement(const Confinement& confinement);
[[nodiscard]] Confinement parse_confinement(std::string_view bytes, std::string_view file);

} // namespace disco::policy
