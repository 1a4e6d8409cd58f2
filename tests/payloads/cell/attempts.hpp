#pragma once

#include <string>
#include <vector>

namespace disco::tests::cell {

struct Attempt {
    const char* name;
    bool (*make)(const std::string& directory); ///< true: it got through; else errno says why not
};

[[nodiscard]] const std::vector<Attempt>& attempts();

} // namespace disco::tests::cell
