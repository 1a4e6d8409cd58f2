#include "runner/model/kept_paths.hpp"

#include "runner/model/attributes.hpp"

#include <algorithm>
#include <utility>

namespace disco::model {
namespace {

/// As glob_matches wants it.
std::string_view relative(std::string_view path) {
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    return path;
}

std::string in(const std::string& directory, std::string_view name) {
    return std::string{directory}.append("/").append(name);
}

/// Adds what is below `path`; false, and nothing is added, when none of it is kept.
bool split_below(const std::string& path, PathGlobs& globs, const ListDirectory& list,
                 SplitDirectory& split) {
    SplitDirectory inside;
    for (const auto& [name, directory] : list(path)) {
        const std::string inner = in(path, name);
        if (globs.match(inner)) {
            inside.kept.push_back(inner);
            if (directory) match_below(inner, globs, list);
        } else if (!directory || !split_below(inner, globs, list, inside)) {
            inside.goes.push_back(inner);
        }
    }
    if (inside.kept.empty()) return false;
    split.stays.push_back(path);
    for (auto part : {&SplitDirectory::goes, &SplitDirectory::kept, &SplitDirectory::stays})
        std::move((inside.*part).begin(), (inside.*part).end(), std::back_inserter(split.*part));
    return true;
}

/// The path and all directories above it but the root, outermost first, until `visit` returns true.
template <class Visit> void for_each_level(std::string_view path, const Visit& visit) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        if (visit(path.substr(0, end)) || end == std::string_view::npos) return;
    }
}

/// A glob that matches this path alone.
std::string literal(std::string_view path) {
    std::string glob;
    for (const char c : path) {
        if (c == '*' || c == '?' || c == '[')
            glob += {'[', c, ']'};
        else
            glob += c;
    }
    return glob;
}

} // namespace

PathGlobs::PathGlobs(std::vector<std::string> globs) : globs_{std::move(globs)}, matched_(globs_.size()) {}

bool PathGlobs::match(std::string_view path) {
    bool any = false;
    for (std::size_t i = 0; i < globs_.size(); ++i) {
        if (!glob_matches(relative(globs_[i]), relative(path))) continue;
        matched_[i] = true;
        any = true;
    }
    return any;
}

bool PathGlobs::cover(std::string_view path) {
    bool any = false;
    if (empty()) return any;
    for_each_level(path, [&](std::string_view level) {
        any = match(level) || any;
        return false;
    });
    return any;
}

std::vector<std::string> PathGlobs::without_match() const {
    std::vector<std::string> globs;
    for (std::size_t i = 0; i < globs_.size(); ++i)
        if (!matched_[i]) globs.push_back(globs_[i]);
    return globs;
}

SplitDirectory split_directory(const std::string& path, PathGlobs& globs, const ListDirectory& list) {
    SplitDirectory split;
    if (!split_below(path, globs, list, split)) split.goes.push_back(path);
    return split;
}

void match_below(const std::string& path, PathGlobs& globs, const ListDirectory& list) {
    if (globs.without_match().empty()) return;
    for (const auto& [name, directory] : list(path)) {
        const std::string inner = in(path, name);
        (void)globs.match(inner);
        if (directory) match_below(inner, globs, list);
    }
}

std::vector<std::string> globs_for(const std::vector<Conflict>& conflicts,
                                   const std::set<std::string, std::less<>>& made) {
    std::set<std::string> globs;
    for (const Conflict& conflict : conflicts) {
        if (conflict.path.ends_with('/')) return {}; // of the mount as a whole
        std::string glob = literal(conflict.path);
        for_each_level(conflict.path, [&](std::string_view level) {
            const bool found = made.contains(level);
            if (found) glob = literal(level) + "/**";
            return found;
        });
        globs.insert(std::move(glob));
    }
    return {globs.begin(), globs.end()};
}

} // namespace disco::model
