#pragma once

#include <optional>
#include <string>

namespace disco::policy {

/// "CHOWN" for 0, as in capabilities(7) without CAP_; "63" when libcap does not know the number.
[[nodiscard]] std::string capability_name(unsigned capability);

/// 0 for "CHOWN". Nothing when libcap knows no capability that is spelt so.
[[nodiscard]] std::optional<unsigned> capability_of_name(const std::string& name);

} // namespace disco::policy
