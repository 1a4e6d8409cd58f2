#include "policy/libseccomp_table.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <seccomp.h>

namespace disco::policy {
namespace {

/// Calls `use` with the number and the name of each call of an architecture. By number: a name may stand for
/// several calls where a multiplexer exists.
template <class Use> void for_each_call(std::uint32_t architecture, Use&& use) {
    // Those of arm that other architectures have no need of, and which its C library cannot start without,
    // are far from the others (__ARM_NR_BASE).
    constexpr std::pair<int, int> ranges[] = {{0, 0x400}, {0x0f0000, 0x0f0010}};
    for (const auto& [first, end] : ranges)
        for (int number = first; number < end; ++number) {
            const std::unique_ptr<char, decltype(&std::free)> name{
                seccomp_syscall_resolve_num_arch(architecture, number), &std::free};
            if (name) use(static_cast<std::uint32_t>(number), std::string{name.get()});
        }
}

} // namespace

CallTable libseccomp_call_table(Architecture architecture) {
    const std::map<std::string, std::uint32_t> tokens = {{"x86_64", SCMP_ARCH_X86_64},
                                                         {"i386", SCMP_ARCH_X86},
                                                         {"aarch64", SCMP_ARCH_AARCH64},
                                                         {"arm", SCMP_ARCH_ARM}};
    CallTable table = empty_call_table(architecture);
    for (AbiTable& abi : table.abis)
        for_each_call(tokens.at(abi.name), [&](std::uint32_t number, std::string name) {
            abi.numbers.emplace(std::move(name), number);
        });
    for (const auto& [abi, token] : tokens)
        for_each_call(token, [&](std::uint32_t, std::string name) {
            if (!table.knows(name)) table.elsewhere.insert(std::move(name));
        });
    return table;
}

} // namespace disco::policy
