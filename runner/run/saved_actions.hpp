#pragma once

#include "runner/model/run_report.hpp"

#include <string>
#include <string_view>
#include <vector>

// The actions of a saved plan, byte for byte: their words, environment and input need not be text, as a
// report must be, and may be nobody's to read but root's.
namespace disco::run {

[[nodiscard]] std::string encode_actions(const std::vector<model::ModuleReport>& modules);

/// Gives the modules the actions that `bytes` holds for them. Throws BadConfiguration when that is not what
/// was encoded for these modules.
void decode_actions(std::string_view bytes, std::vector<model::ModuleReport>& modules);

} // namespace disco::run
