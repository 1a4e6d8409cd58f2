#pragma once

#include "runner/model/change.hpp"
#include "runner/model/run_report.hpp"

#include <ctime>
#include <filesystem>
#include <set>
#include <string>

namespace disco::run {

/// What the scripts of one run made in the machine's own /run. It is no change: it is not in the change set
/// or the fingerprint, and is not undone, as nothing in /run outlives the next boot.
class RuntimeFiles {
public:
    /// Notes a difference that a layer of /run shows, and enters a notice of it where it is going to be put
    /// in place, or is not for a reason that a reader should know.
    void note(const model::Change& change, model::ModuleReport& report);
    [[nodiscard]] bool empty() const noexcept { return paths_.empty(); }

    /// Puts them into /run, parents before children; to be called after the merge and before the actions,
    /// which may need them. `kept`: the layer that holds them, not mounted. `started`: what somebody else has
    /// changed since then stays. `record`: a file that is there meanwhile, for `remove_unplaced`. Returns
    /// what could not be put in place and why, a line each; empty: nothing. Throws SysError when one of the
    /// two directories cannot be opened, or the record not be written.
    [[nodiscard]] std::string put_in_place(const std::filesystem::path& kept, const timespec& started,
                                           const std::filesystem::path& record) const;

private:
    std::set<std::string> paths_; ///< below /run, without it: "nginx", "nginx/conf"
};

/// Removes the copies that a run which was killed meanwhile has left beside their places in /run, and its
/// record; nothing when there is none. What is in its place already stays. Warns of what cannot be removed.
/// Throws SysError.
void remove_unplaced(const std::filesystem::path& record);

} // namespace disco::run
