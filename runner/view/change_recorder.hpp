#pragma once

#include "runner/merge/merger.hpp"
#include "runner/model/owner_names.hpp"
#include "runner/model/run_report.hpp"
#include "runner/overlay/layers.hpp"
#include "runner/overlay/upperdir_scan.hpp"
#include "runner/report/change_log.hpp"
#include "runner/run/runtime_files.hpp"
#include "runner/sys/sha256.hpp"
#include "runner/sys/write_back.hpp"
#include "runner/view/package_changes.hpp"
#include "runner/view/package_owners.hpp"

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace disco::view {

/// Turns layers into change sets: scans them, logs the changes, composes them for the merge and fingerprints
/// them.
class ChangeRecorder {
public:
    /// `use`: whether what is recorded is going to be merged, so that it has to be on disk.
    enum class Use { report, merge };
    /// Of what is redacted, the differences go into the log, too.
    enum class Redacted { hidden, shown };
    /// `started`: see overlay::LayerToScan.
    ChangeRecorder(overlay::Layers& layers, report::ChangeLog& log, Use use, const timespec& started,
                   Redacted redacted = Redacted::hidden);

    /// Is called with each path, absolute in the tree, that is recorded as changed.
    void watch(std::function<void(const std::string& path)> on_path) { on_path_ = std::move(on_path); }

    /// The names that the tree had before the layer that is about to be recorded.
    [[nodiscard]] const model::OwnerNames& owners() const noexcept { return owners_; }
    /// Reads the users and groups of a view, for what comes now. `root`: borrowed.
    void read_owners(int root);

    /// Scans the begun layer, whose sandbox has ended; adds counts, packages and the diff step to the report.
    /// `delivered`: paths, absolute in the tree, that the module itself delivers; sorted. Whether the layer
    /// is to be kept: it holds changes, times that were set, or runtime files.
    [[nodiscard]] bool record(model::ModuleReport& report, const std::set<std::string>& delivered = {});
    [[nodiscard]] const run::RuntimeFiles& runtime_files() const noexcept { return runtime_; }
    /// Puts what was made in the machine's /run in place there, once the last layer is kept. Returns what
    /// could not be done; empty: nothing. `record`: see RuntimeFiles.
    [[nodiscard]] std::string put_runtime_files(const std::filesystem::path& record) const;

    /// Throws what a merge of all that was recorded would throw before its first step, as far as a look at
    /// the live root shows it: see merge::expect_copies. For a no-op, once the last layer is kept.
    void expect_merge() const;
    /// What `merge` needs, once the last layer is kept.
    [[nodiscard]] std::vector<merge::TreeToMerge> trees();
    /// The fingerprint of all that was recorded, and of the actions that are to be run.
    [[nodiscard]] std::string fingerprint(std::vector<model::ModuleReport>& modules);
    /// Whether what was recorded holds times that were set, besides or without any change.
    [[nodiscard]] bool times_set() const noexcept { return times_set_; }
    /// The first path that was recorded as changed below a directory (absolute, in the tree); empty: none.
    [[nodiscard]] std::string first_below(const std::string& directory) const;
    /// Whether systemd would read its units anew to know what was recorded.
    [[nodiscard]] bool unit_files_changed() const noexcept { return unit_files_changed_; }

private:
    [[nodiscard]] overlay::LayerToScan begun_layer(std::size_t mount) const;
    [[nodiscard]] bool record_changes(std::size_t mount, model::ModuleReport& report,
                                      const std::set<std::string>& delivered);
    void record_runtime(std::size_t mount, model::ModuleReport& report);
    void add_to_fingerprint(const model::Change& change);
    void add_to_fingerprint(const model::Action& action);
    void begin_write_back(const model::Change& change, std::size_t mount);

    overlay::Layers& layers_;
    report::ChangeLog& log_;
    const Use use_;
    const timespec started_;
    const Redacted redacted_;
    std::function<void(const std::string&)> on_path_;
    std::vector<model::Composition> compositions_; ///< by managed mount
    PackageOwners owned_by_packages_;
    PackageChanges packages_;
    run::RuntimeFiles runtime_;
    model::OwnerNames owners_, owners_before_;
    std::string passwd_, group_; ///< what owners_ was read from
    sys::Sha256 fingerprint_;
    bool any_ = false, unit_files_changed_ = false, times_set_ = false;
    std::uint64_t unwritten_ = 0; ///< bytes, roughly, that may not be on disk yet
    sys::WriteBack write_back_;
};

} // namespace disco::view
