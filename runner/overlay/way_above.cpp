#include "runner/overlay/way_above.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text.hpp"

#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

namespace disco::overlay {
namespace {

/// Nothing when there is no such directory in it.
std::optional<bool> others_may_search(const std::filesystem::path& tree, const std::string& path) {
    const sys::UniqueFd top = sys::open_directory(tree);
    const sys::UniqueFd directory = sys::try_open_beneath(top.get(), path, O_PATH | O_DIRECTORY);
    if (!directory) return std::nullopt;
    struct stat status = {};
    sys::check(::fstat(directory.get(), &status), "look at", tree / path);
    return (status.st_mode & S_IXOTH) != 0;
}

bool others_may_search(const std::vector<std::filesystem::path>& trees, const std::string& path) {
    for (const std::filesystem::path& tree : trees)
        if (const auto may = others_may_search(tree, path)) return *may;
    return true; // it is gone, and what was in it with it
}

} // namespace

WayAbove way_above(const Layers& layers, std::size_t mount) {
    WayAbove way;
    const std::string& inside = layers.managed()[mount].inside;
    for (std::size_t end = inside.find('/'); end != std::string::npos; end = inside.find('/', end + 1)) {
        const std::string path = inside.substr(0, end);
        const std::size_t on = layers.mount_of(path);
        const std::string& top = layers.managed()[on].inside;
        const std::string below = path.size() > top.size() ? path.substr(top.size() + 1) : ".";
        std::vector<std::filesystem::path> trees; // topmost first
        if (!layers.base(on).empty()) trees.push_back(layers.base(on));
        trees.push_back(layers.managed()[on].live);
        way.before = way.before && others_may_search(trees, below);
        if (layers.has_upper(on)) trees.insert(trees.begin(), layers.upper(on));
        way.after = way.after && others_may_search(trees, below);
    }
    return way;
}

} // namespace disco::overlay
