#include "runner/report/short_change.hpp"

#include <nlohmann/json.hpp>

namespace disco::report {

std::string short_change(const nlohmann::json& change) {
    for (const char* name : {"diff", "package"})
        if (const auto member = change.find(name); member == change.end() || member->is_null()) return {};
    nlohmann::json in_short = change;
    in_short["diff"] = nullptr;
    return in_short.dump();
}

} // namespace disco::report
