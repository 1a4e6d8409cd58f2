#pragma once

#include <string>
#include <vector>

namespace disco::tests::cell {

struct Attempt {
    const char* name;
    bool (*make)(const std::string& directory); ///< true: it got through; else errno says why not
};

[[nodiscard]] const std::vector<Attempt>& attempts();
/// Those of them that are about the network of the machine.
[[nodiscard]] std::vector<Attempt> network_attempts();

/// What a question of the daemon of containers is answered.
[[nodiscard]] std::string daemon_information();

} // namespace disco::tests::cell
