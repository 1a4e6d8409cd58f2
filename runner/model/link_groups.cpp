#include "runner/model/link_groups.hpp"

namespace disco::model {

LinkGroups::LinkGroups(const Composition& composition) {
    for (const auto& [path, entry] : composition.entries()) {
        if (entry.inode == 0 || entry.kind == ComposedEntry::Kind::absent) continue;
        Group& group = groups_[entry.inode];
        if (!entry.may_stay() || !entry.live) {
            group.comes = true;
            continue;
        }
        group.live.insert(entry.live->inode);
        staying_[entry.live->inode].insert(entry.inode);
    }
}

bool LinkGroups::has_to_come(const ComposedEntry& entry) const {
    if (entry.inode == 0 || !entry.live) return false;
    const auto found = groups_.find(entry.inode);
    if (found == groups_.end()) return false;
    const Group& group = found->second;
    if (group.comes || group.live.size() > 1) return true;
    const auto staying = staying_.find(entry.live->inode);
    return staying != staying_.end() && staying->second.size() > 1;
}

bool LinkGroups::is_shared(const ComposedEntry& entry) const {
    return entry.inode != 0 && entry.live && staying_.contains(entry.live->inode);
}

} // namespace disco::model
