#include "policy/capability_names.hpp"

#include <cctype>
#include <memory>
#include <string_view>

#include <sys/capability.h>

namespace disco::policy {
namespace {

constexpr std::string_view prefix = "cap_"; // of libcap's names, which are in small letters

} // namespace

std::string capability_name(unsigned capability) {
    const std::unique_ptr<char, int (*)(void*)> known{::cap_to_name(static_cast<cap_value_t>(capability)),
                                                      &::cap_free};
    if (!known) return std::to_string(capability);
    std::string_view name = known.get();
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    std::string spelt;
    for (const char letter : name)
        spelt += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
    return spelt;
}

std::optional<unsigned> capability_of_name(const std::string& name) {
    cap_value_t value = 0;
    if (::cap_from_name((std::string{prefix} + name).c_str(), &value) != 0) return std::nullopt;
    // libcap takes small letters for large ones, and stops at what is no letter.
    const auto capability = static_cast<unsigned>(value);
    return capability_name(capability) == name ? std::optional{capability} : std::nullopt;
}

} // namespace disco::policy
