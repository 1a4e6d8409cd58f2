#include "policy/call_table.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>

#include <linux/audit.h>

#include <fmt/format.h>

namespace disco::policy {
namespace {

constexpr std::string_view other = "other";

} // namespace

std::string AbiTable::name_of(std::uint32_t number) const {
    const auto found = std::find_if(numbers.begin(), numbers.end(),
                                    [&](const auto& entry) { return entry.second == number; });
    return found == numbers.end() ? std::string{} : found->first;
}

bool CallTable::knows(std::string_view name) const {
    return elsewhere.contains(name) || std::any_of(abis.begin(), abis.end(), [&](const AbiTable& abi) {
               return abi.numbers.contains(name);
           });
}

std::string CallTable::name_of(std::uint32_t audit_arch, std::uint32_t number) const {
    for (const AbiTable& abi : abis)
        if (abi.audit_arch == audit_arch) return abi.name_of(number);
    return {};
}

CallTable empty_call_table(Architecture architecture) {
    switch (architecture) {
    case Architecture::x86_64:
        return {{{"x86_64", AUDIT_ARCH_X86_64, true, {}}, {"i386", AUDIT_ARCH_I386, false, {}}}};
    case Architecture::aarch64:
        return {{{"aarch64", AUDIT_ARCH_AARCH64, true, {}}, {"arm", AUDIT_ARCH_ARM, false, {}}}};
    }
    return {}; // not reached: -Wswitch guards the list
}

CallTable parse_call_table(std::string_view text, std::string_view file, Architecture architecture) {
    CallTable table = empty_call_table(architecture);
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::string_view row = sys::take_line(text);
        const std::size_t first = row.find(' '), second = row.find(' ', first + 1);
        if (row.substr(0, first) == other && second != std::string_view::npos) {
            table.elsewhere.emplace(row.substr(second + 1));
            continue;
        }
        const auto number = sys::number_in<std::uint32_t>(row.substr(first + 1, second - first - 1));
        const auto abi = std::find_if(table.abis.begin(), table.abis.end(), [&](const AbiTable& candidate) {
            return candidate.name == row.substr(0, first);
        });
        if (second == std::string_view::npos || abi == table.abis.end() || !number)
            throw sys::Error{fmt::format("{}:{}: not 'ABI NUMBER NAME': install disco again", file, line)};
        abi->numbers.emplace(row.substr(second + 1), *number);
    }
    return table;
}

std::string print_call_table(const CallTable& table) {
    std::string text;
    for (const AbiTable& abi : table.abis)
        for (const auto& [name, number] : abi.numbers)
            text += fmt::format("{} {} {}\n", abi.name, number, name);
    for (const std::string& name : table.elsewhere) text += fmt::format("{} - {}\n", other, name);
    return text;
}

CallTable load_call_table(const std::filesystem::path& lib) {
    const auto file = lib / "calls";
    return parse_call_table(sys::read_file(file), file.string(), native_architecture);
}

} // namespace disco::policy
