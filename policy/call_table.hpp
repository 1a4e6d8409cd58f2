#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace disco::policy {

/// The system calls of one ABI that programs of this machine may use.
struct AbiTable {
    std::string name;                                               ///< "x86_64", "i386", "aarch64"
    std::uint32_t audit_arch = 0;                                   ///< AUDIT_ARCH_…
    bool native = false;                                            ///< PID 1's
    std::multimap<std::string, std::uint32_t, std::less<>> numbers; ///< a name may stand for several
    [[nodiscard]] std::string name_of(std::uint32_t number) const;  ///< empty when there is none
};

/// Names and numbers of calls. They come from libseccomp when disco is built; the program reads them from a
/// file of lines "ABI NUMBER NAME", with the ABI "other" for those of other architectures.
struct CallTable {
    std::vector<AbiTable> abis;                     ///< the native one first
    std::set<std::string, std::less<>> elsewhere{}; ///< calls that only other architectures have
    [[nodiscard]] bool knows(std::string_view name) const;
    /// Empty when the table has no such call.
    [[nodiscard]] std::string name_of(std::uint32_t audit_arch, std::uint32_t number) const;
};

/// This architecture's ABIs, without calls.
[[nodiscard]] CallTable empty_call_table();

/// Throws sys::Error with file and line.
[[nodiscard]] CallTable parse_call_table(std::string_view text, std::string_view file);
[[nodiscard]] std::string print_call_table(const CallTable& table);

/// LIB/calls. Throws SysError or Error.
[[nodiscard]] CallTable load_call_table(const std::filesystem::path& lib);

} // namespace disco::policy
