#pragma once

#include "runner/merge/merger.hpp"
#include "runner/model/change.hpp"
#include "runner/overlay/layers.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace disco::tests {

/// A live tree with layers on it, as a dance makes them but without a sandbox: each layer is changed by a
/// function that works on the merged view. For tests of scan, composition and merge. Needs a mount namespace
/// of its own.
class LayeredTree {
public:
    /// `live` is the tree, `scratch` an empty directory for layers and staging.
    LayeredTree(std::filesystem::path live, std::filesystem::path scratch);

    /// Makes a layer: mounts the view, lets `work` change it, unmounts and scans. The change set.
    std::vector<model::Change> layer(const std::function<void(const std::filesystem::path& view)>& work);
    /// The same with a bash script that runs in the view's top directory.
    std::vector<model::Change> layer(const std::string& script);

    [[nodiscard]] const model::Composition& composition() const { return composition_; }
    /// As run "run".
    [[nodiscard]] model::MergeReport merge();
    /// Undoes one run by another; `globs`: of what is kept.
    [[nodiscard]] model::MergeReport roll_back(const std::string& run, const std::string& by,
                                               const std::vector<std::string>& globs = {});

private:
    std::filesystem::path live_, scratch_;
    overlay::Layers layers_;
    model::Composition composition_;
    timespec started_;
};

/// Runs a bash script in a directory; throws sys::Error when it fails.
void run_bash(const std::filesystem::path& directory, const std::string& script);

/// "kind path" of each.
[[nodiscard]] std::vector<std::string> lines_of(const std::vector<model::Change>& changes);

} // namespace disco::tests
