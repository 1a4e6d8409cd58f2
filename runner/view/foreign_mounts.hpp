#pragma once

#include "runner/model/run_report.hpp"
#include "runner/overlay/mount_class.hpp"

#include <vector>

namespace disco::view {

/// Adds a notice for each foreign mount that a module met, once a run, to the first module that did. Almost
/// every machine with an EFI has such a mount, and almost no module writes to it. So there is no notice
/// before a program prints, or a module fails for, what the kernel says to a write there. Pure.
void note_foreign_mounts(std::vector<model::ModuleReport>& modules,
                         const std::vector<overlay::ClassifiedMount>& mounts);

} // namespace disco::view
