#include "runner/overlay/link_changes.hpp"

namespace disco::overlay {

void LinkChanges::add(Name name) {
    before_[name.file_before].push_back(names_.size());
    after_[name.file_after].push_back(names_.size());
    names_.push_back(std::move(name));
}

void LinkChanges::for_each(const std::function<void(const std::string&, const model::ObjectState&,
                                                    const model::ObjectState&)>& visit) {
    for (std::size_t at = 0; at < names_.size(); ++at) {
        Name& name = names_[at];
        const Names &before = before_[name.file_before], &after = after_[name.file_after];
        if (name.reported || before == after) continue;
        name.before.linked_to = other_name(at, before);
        name.after.linked_to = other_name(at, after);
        visit(name.path, name.before, name.after);
    }
}

std::string LinkChanges::other_name(std::size_t own, const Names& names) const {
    for (const std::size_t at : names)
        if (at != own) return names_[at].path;
    return {};
}

} // namespace disco::overlay
