#pragma once

#include "runner/model/composition.hpp"
#include "runner/overlay/object_reader.hpp"
#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace disco::overlay {

/// What a layer stands on: the live root with the base layer composed over it. Paths are
/// relative to the managed mount.
class BelowView {
public:
    /// Opens the directories; keeps a reference to `composition`, which may grow meanwhile. `kept`: empty
    /// when there is none, and so nothing composed.
    BelowView(const std::filesystem::path& live, const std::filesystem::path& kept,
              const model::Composition& composition);

    /// An object of the view, and of the live root beneath it.
    struct Found {
        std::optional<ReadObject> object; ///< nothing: there is nothing
        std::optional<model::Stamp> live; ///< of the live object at this path, also when the view hides it
    };
    /// One that lies in `directory`, whose live counterpart is open as `live_directory` (-1: there is none).
    [[nodiscard]] Found find(const std::string& path, const std::string& name, int live_directory,
                             ObjectReader& reader) const;

    /// Names in a directory of the view, sorted. Mount points of the live root are left out: they are other
    /// trees.
    [[nodiscard]] std::vector<std::string> names_in(const std::string& path, int live_directory) const;

    [[nodiscard]] int live() const noexcept { return live_.get(); }
    /// The live directory `name` in `live_directory`; empty when there is none or the composition hides it.
    [[nodiscard]] sys::UniqueFd live_subdirectory(const std::string& path, const std::string& name,
                                                  int live_directory) const;

private:
    sys::UniqueFd live_, kept_;
    const model::Composition& composition_;
};

} // namespace disco::overlay
