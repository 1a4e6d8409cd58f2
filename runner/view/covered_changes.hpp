#pragma once

#include "runner/model/run_report.hpp"
#include "runner/view/change_recorder.hpp"

#include <vector>

namespace disco::view {

/// Fails a module that asks for a mount on a directory below which the run writes: natively that would go
/// into what is mounted, while the merge puts it below the mount, where nobody sees it. When all that the
/// modules changed is recorded.
void refuse_covered_changes(std::vector<model::ModuleReport>& modules, const ChangeRecorder& recorder);

} // namespace disco::view
