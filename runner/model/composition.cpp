#include "runner/model/composition.hpp"

#include <algorithm>

namespace disco::model {
namespace {

/// '/' counts as the smallest byte, so that "a/b" comes before "a-b" and right after "a".
unsigned weight(char c) { return c == '/' ? 0U : static_cast<unsigned char>(c) + 1U; }

bool is_at_or_in(std::string_view path, std::string_view directory) {
    return directory.empty() || (path.starts_with(directory) &&
                                 (path.size() == directory.size() || path[directory.size()] == '/'));
}

/// Of two paths of which neither is in the other.
std::string_view common_directory(std::string_view a, std::string_view b) {
    const auto differ = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
    const std::size_t slash = a.substr(0, static_cast<std::size_t>(differ - a.begin())).rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : a.substr(0, slash);
}

} // namespace

bool PathOrder::operator()(std::string_view a, std::string_view b) const noexcept {
    const auto [at_a, at_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (at_b == b.end()) return false;
    return at_a == a.end() || weight(*at_a) < weight(*at_b);
}

const ComposedEntry* Composition::find(std::string_view path) const {
    const auto found = entries_.find(path);
    return found == entries_.end() ? nullptr : &found->second;
}

bool Composition::hidden_by_ancestor(std::string_view path) const {
    // Not each ancestor is looked for: a path may have thousands. What an entry right before the path has in
    // common with it leads to the next one that there can be.
    auto at = entries_.lower_bound(path);
    while (at != entries_.begin()) {
        --at;
        if (is_at_or_in(path, at->first)) {
            if (at->second.kind != ComposedEntry::Kind::metadata) return true;
            path = at->first;
        } else {
            path = common_directory(path, at->first);
            at = entries_.upper_bound(path);
        }
    }
    return false;
}

Composition::Below Composition::below(std::string_view path) const {
    if (entries_.empty()) return Below::live;
    if (entries_.contains(path)) return Below::composed;
    return hidden_by_ancestor(path) ? Below::absent : Below::live;
}

void Composition::enter(const std::string& path, const ComposedEntry& entry) {
    entries_.insert_or_assign(path, entry);
}

void Composition::note_bookkeeping(std::string_view path) {
    const auto found = entries_.find(path);
    if (found == entries_.end()) return;
    found->second.has_bookkeeping = true;
    found->second.only_origin = false;
}

void Composition::forget(std::string_view path) {
    if (const auto found = entries_.find(path); found != entries_.end()) entries_.erase(found);
}

Composition::Range Composition::inside(std::string_view path) const {
    // Everything in a directory stands in one piece, from the first name in it to the first path outside.
    const auto outside = [&](const std::string& other) {
        return !path.empty() &&
               !(other.size() > path.size() && other.starts_with(path) && other[path.size()] == '/');
    };
    auto begin = entries_.upper_bound(path);
    auto end = begin;
    while (end != entries_.end() && !outside(end->first)) ++end;
    return {begin, end};
}

void Composition::forget_inside(std::string_view path) {
    const Range range = inside(path);
    entries_.erase(range.begin, range.end);
}

} // namespace disco::model
