#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/change_log.hpp"
#include "runner/report/text_report.hpp"

#include <functional>
#include <string_view>

namespace disco::report {

/// What a module changed, for people: what it delivers itself comes first, then all else in the order of the
/// log, then packages. Unless `style` asks for more, a tree that comes or goes, what an installed, upgraded
/// or removed package owns, and what its manager notes are one line each.
void write_listing(const model::ModuleReport& module, const ChangeLog& changes, const TextStyle& style,
                   const std::function<void(std::string_view)>& write);

} // namespace disco::report
