#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::model {

struct SkeletonFile {
    std::string path; ///< in the module
    std::string text;
    mode_t mode = 0644;
};

/// The files of a new module: one of each kind, with comments that say what it is for. It has nothing that
/// `disco module check` objects to, and can be run as it is. `name` is one that a module may have
/// (check_component_name). Pure.
[[nodiscard]] std::vector<SkeletonFile> module_skeleton(const std::string& name);

} // namespace disco::model
