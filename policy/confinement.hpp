#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <linux/filter.h>

namespace disco::policy {

/// How a sandbox or a program in it is confined: values only, ready for policy/confine_process.
struct Confinement {
    std::uint64_t capabilities = 0; ///< what it may have: bit N is capability N (capabilities(7))
    std::vector<sock_filter> calls; ///< a seccomp program (seccomp(2))
    /// The sixth argument of an execve(2) that the parent does not hear of. 0: there is none.
    std::uint64_t exec_token = 0;
    bool operator==(const Confinement& other) const;
};

/// The bytes of a compiled confinement, for a file beside the program. `parse_confinement` throws sys::Error
/// when they are damaged; `file` is for its message.
[[nodiscard]] std::string print_confinement(const Confinement& confinement);
[[nodiscard]] Confinement parse_confinement(std::string_view bytes, std::string_view file);

/// Puts a token in the place of `no_exec_token` in a program's confinement. Throws sys::Error when that does
/// not stand there just once.
void set_exec_token(Confinement& confinement, std::uint64_t token);

} // namespace disco::policy
