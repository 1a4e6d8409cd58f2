#pragma once

#include "runner/model/composition.hpp"

#include <cstdint>
#include <map>
#include <set>

namespace disco::model {

/// Which names of a composition are one file in the layer, and what that means for the live root. A live
/// file keeps its place when every name that it keeps is one file in the layer, too, and no other name is.
/// Otherwise all names of the layer's file are put in place. Pure.
class LinkGroups {
public:
    explicit LinkGroups(const Composition& composition);

    /// Whether the object of an entry that may stay has to come from the layer, for the other names it has.
    [[nodiscard]] bool has_to_come(const ComposedEntry& entry) const;
    /// Whether a live object has other names in the composition: a change of it is a change of all.
    [[nodiscard]] bool is_shared(const ComposedEntry& entry) const;

private:
    struct Group {
        bool comes = false;                ///< one of its names has to
        std::set<std::uint64_t> live = {}; ///< inodes that its names have on the live root
    };
    std::map<std::uint64_t, Group> groups_;                    ///< by inode in the layer
    std::map<std::uint64_t, std::set<std::uint64_t>> staying_; ///< live inode → groups that may stay on it
};

} // namespace disco::model
