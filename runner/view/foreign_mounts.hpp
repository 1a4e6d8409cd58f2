#pragma once

#include "runner/model/run_report.hpp"
#include "runner/overlay/mount_class.hpp"

#include <vector>

namespace disco::view {

/// A notice of each foreign mount that a module met, once a run, with the first module that did. Almost every
/// machine with an EFI has such a mount, and almost no module writes to it, so nothing is told before a
/// program prints, or a module fails for, what the kernel says to a write there. Pure.
void note_foreign_mounts(std::vector<model::ModuleReport>& modules,
                         const std::vector<overlay::ClassifiedMount>& mounts);

} // namespace disco::view
