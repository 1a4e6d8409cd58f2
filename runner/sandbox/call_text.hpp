#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace disco::sandbox {

/// A system call as its caller made it.
struct CallMade {
    std::string name; ///< "mount"
    std::array<std::uint64_t, 6> arguments = {};
    bool narrow = false; ///< by the 32-bit ABI: pointers and longs have four bytes
};

/// Whether the ABI of an AUDIT_ARCH_… is a 32-bit one. (x32, which has a 64-bit one's, is refused.)
[[nodiscard]] bool is_narrow(std::uint32_t audit_arch);

/// Reads the caller's memory; returns how many bytes there were, up to `size`.
using ReadMemory = std::function<std::size_t(std::uint64_t address, void* to, std::size_t size)>;

/// For people, to follow "would" or "refused to": "call: mount(/dev/sdb1, /mnt, ext4)", "set the clock to
/// 2026-01-31 23:59:59 UTC". The memory may change while it is read: good for a report, never for a decision.
/// Names are shown with unprintable bytes escaped. Pure but for `read`.
[[nodiscard]] std::string describe_call(const CallMade& call, const ReadMemory& read);

} // namespace disco::sandbox
