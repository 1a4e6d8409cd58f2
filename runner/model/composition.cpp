#include "runner/model/composition.hpp"

#include <algorithm>

namespace disco::model {
namespace {

/// '/' counts as the smallest byte, so that "a/b" comes before "a-b" and right after "a".
unsigned weight(char c) { return c == '/' ? 0U : static_cast<unsigned char>(c) + 1U; }

} // namespace

bool PathOrder::operator()(std::string_view a, std::string_view b) const noexcept {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](char x, char y) { return weight(x) < weight(y); });
}

const ComposedEntry* Composition::find(std::string_view path) const {
    const auto found = entries_.find(path);
    return found == entries_.end() ? nullptr : &found->second;
}

bool Composition::hidden_by_ancestor(std::string_view path) const {
    while (!path.empty()) {
        const std::size_t slash = path.rfind('/');
        path = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
        const ComposedEntry* ancestor = find(path);
        if (ancestor != nullptr && ancestor->kind != ComposedEntry::Kind::metadata) return true;
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
