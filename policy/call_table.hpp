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

/// What disco can be built for. Tables and programs can be had for each of them on any: so both are tested
/// everywhere.
enum class Architecture { x86_64, aarch64 };

#if defined(__x86_64__)
inline constexpr Architecture native_architecture = Architecture::x86_64;
#elif defined(__aarch64__)
inline constexpr Architecture native_architecture = Architecture::aarch64;
#else
#error "no list of system calls for this architecture"
#endif

/// The system calls of one ABI that programs of a machine may use.
struct AbiTable {
    std::string name;                                               ///< "x86_64", "i386", "aarch64", "arm"
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

/// An architecture's ABIs, its 32-bit programs' too, without calls.
[[nodiscard]] CallTable empty_call_table(Architecture architecture);

/// Throws sys::Error with file and line.
[[nodiscard]] CallTable parse_call_table(std::string_view text, std::string_view file,
                                         Architecture architecture);
[[nodiscard]] std::string print_call_table(const CallTable& table);

/// LIB/calls, of the native architecture. Throws SysError or Error.
[[nodiscard]] CallTable load_call_table(const std::filesystem::path& lib);

} // namespace disco::policy
