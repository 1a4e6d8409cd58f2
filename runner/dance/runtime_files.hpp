#pragma once

#include "runner/model/change.hpp"
#include "runner/model/report.hpp"

#include <ctime>
#include <filesystem>
#include <set>
#include <string>

namespace disco::dance {

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
    /// changed since then stays. Returns what could not be put in place and why, a line each; empty: nothing.
    /// Throws SysError when one of the two directories cannot be opened.
    [[nodiscard]] std::string put_in_place(const std::filesystem::path& kept, const timespec& started) const;

private:
    std::set<std::string> paths_; ///< below /run, without it: "nginx", "nginx/conf"
};

} // namespace disco::dance
