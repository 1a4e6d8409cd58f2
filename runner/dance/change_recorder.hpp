#pragma once

#include "runner/merge/merger.hpp"
#include "runner/model/owner_names.hpp"
#include "runner/model/report.hpp"
#include "runner/overlay/layers.hpp"
#include "runner/report/change_log.hpp"
#include "runner/sys/sha256.hpp"

#include <string>
#include <vector>

namespace disco::dance {

/// Turns layers into change sets: scans them, logs the changes, composes them for the merge and fingerprints
/// them.
class ChangeRecorder {
public:
    ChangeRecorder(overlay::Layers& layers, report::ChangeLog& log);

    /// The names that the tree had before the layer that is about to be recorded.
    [[nodiscard]] const model::OwnerNames& owners() const noexcept { return owners_; }
    /// Reads the users and groups of a view, for what comes now. `root`: borrowed.
    void read_owners(int root);

    /// Scans the begun layer, whose sandbox has ended; adds counts and the diff step to the report.
    void record(model::ModuleReport& report);

    /// What `merge` needs, once the last layer is kept.
    [[nodiscard]] std::vector<merge::TreeToMerge> trees() const;
    /// Of all that was recorded.
    [[nodiscard]] std::string fingerprint();

private:
    void add_to_fingerprint(const model::Change& change);

    overlay::Layers& layers_;
    report::ChangeLog& log_;
    std::vector<model::Composition> compositions_; ///< by managed mount
    model::OwnerNames owners_, owners_before_;
    std::string passwd_, group_; ///< what owners_ was read from
    sys::Sha256 fingerprint_;
    bool any_ = false;
};

} // namespace disco::dance
