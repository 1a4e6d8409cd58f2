#include "runner/model/change.hpp"

namespace disco::model {

const char* to_string(ChangeKind kind) {
    switch (kind) {
    case ChangeKind::created: return "created";
    case ChangeKind::modified: return "modified";
    case ChangeKind::deleted: return "deleted";
    case ChangeKind::metadata: return "metadata";
    case ChangeKind::replaced: return "replaced";
    }
    return "?"; // not reached: -Wswitch guards the list
}

std::optional<ChangeKind> change_kind(const std::optional<ObjectState>& before,
                                      const std::optional<ObjectState>& after) {
    if (!before && !after) return std::nullopt;
    if (!before) return ChangeKind::created;
    if (!after) return ChangeKind::deleted;
    if (before->type != after->type) return ChangeKind::replaced;
    if (!same_content(*before, *after)) return ChangeKind::modified;
    if (!same_metadata(*before, *after)) return ChangeKind::metadata;
    return std::nullopt;
}

} // namespace disco::model
