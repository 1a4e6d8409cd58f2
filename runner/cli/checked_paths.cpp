#include "runner/cli/checked_paths.hpp"

#include "runner/model/module_layout.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace disco::cli {
namespace {

namespace fs = std::filesystem;

bool names_a_directory(const fs::path& path) {
    std::error_code ignored; // what cannot be looked at is none
    return fs::is_directory(path, ignored);
}

bool looks_like_a_module(const fs::path& directory) {
    const sys::UniqueFd fd = sys::open_directory(directory);
    const auto entries = sys::list_directory(fd.get(), directory);
    return std::any_of(entries.begin(), entries.end(), [](const sys::DirectoryEntry& entry) {
        const auto kind = model::classify_module_name(entry.name);
        return kind == model::ModuleName::known || kind == model::ModuleName::misspelt;
    });
}

/// The universe whose parameters/ a directory lies in, where nodes have a `modules`, too; empty: none.
fs::path universe_of_parameters(const fs::path& directory) {
    for (fs::path at = directory; at.has_relative_path(); at = at.parent_path())
        if (at.filename() == "parameters" && names_a_directory(at.parent_path() / "modules"))
            return at.parent_path();
    return {};
}

CheckedPlace place_of(const std::string& word) {
    const fs::path path = fs::path{sys::without_last_slashes(word)}.lexically_normal();
    if (!names_a_directory(path)) {
        if (word.find('/') == std::string::npos && names_a_directory(fs::path{"modules"} / word))
            return {".", {word}, false};
        if (sys::stat_path(path))
            throw sys::BadConfiguration{
                fmt::format("'{}' is no directory; name a universe or a module", sys::printable(word))};
        throw sys::BadConfiguration{fmt::format(
            "there is no '{}'; name the directory of a universe or a module", sys::printable(word))};
    }
    const fs::path real = fs::canonical(path);
    if (const fs::path universe = universe_of_parameters(real); !universe.empty())
        throw sys::BadConfiguration{
            fmt::format("'{}' holds parameters; nodes are checked with their universe: disco module check {}",
                        sys::printable(word), sys::quote_words({fs::proximate(universe).string()}))};
    if (names_a_directory(path / "modules")) return {path, {}, false};
    if (path.parent_path().filename() == "modules") {
        const fs::path universe = path.parent_path().parent_path();
        return {universe.empty() ? "." : universe, {path.filename()}, false};
    }
    if (real.parent_path().filename() == "modules")
        return {fs::proximate(real.parent_path().parent_path()), {real.filename()}, false};
    if (looks_like_a_module(path)) return {path == "." ? real : path, {}, true};
    throw sys::BadConfiguration{
        fmt::format("'{}' is neither a universe, which has a directory 'modules', nor a module, which has {}",
                    sys::printable(word), model::module_names())};
}

} // namespace

std::vector<CheckedPlace> checked_places(const std::vector<std::string>& paths) {
    std::vector<CheckedPlace> places;
    for (const std::string& word : paths.empty() ? std::vector<std::string>{"."} : paths) {
        CheckedPlace place = place_of(word);
        const auto same = std::find_if(places.begin(), places.end(), [&](const CheckedPlace& other) {
            return other.universe == place.universe && other.is_lone_module == place.is_lone_module;
        });
        if (same == places.end())
            places.push_back(std::move(place));
        else if (place.modules.empty() || same->modules.empty())
            same->modules.clear(); // the whole universe
        else
            same->modules.merge(place.modules);
    }
    return places;
}

} // namespace disco::cli
