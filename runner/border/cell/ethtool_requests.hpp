#pragma once

#include <cstdint>

namespace disco::border::cell {

/// Whether a command of SIOCETHTOOL (linux/ethtool.h) only asks. Pure.
[[nodiscard]] bool ethtool_asks(std::uint32_t command);

} // namespace disco::border::cell
