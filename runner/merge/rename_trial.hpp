#pragma once

#include "runner/model/merge_plan.hpp"

#include <string>

namespace disco::merge {

/// Tries whether the file system of `staging` can rename as the steps of a plan do (renameat2(2)): not every
/// one can exchange two objects, or rename only to a name that is free; NFS and most of FUSE cannot. Leaves
/// nothing. `shown`: the mount's path, for messages. Throws sys::Error that says what to do; SysError.
void try_renames(const model::MergePlan& plan, int staging, const std::string& shown);

} // namespace disco::merge
