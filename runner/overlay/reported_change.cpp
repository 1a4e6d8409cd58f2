#include "runner/overlay/reported_change.hpp"

#include "runner/overlay/content_diff.hpp"

#include <sys/stat.h>

namespace disco::overlay {
namespace {

using model::ObjectType;

bool has_type(const std::optional<ReadObject>& object, ObjectType type) {
    return object && object->state.type == type;
}

bool has_content(const Side& side) {
    return has_type(side.object, ObjectType::file) || has_type(side.object, ObjectType::symlink);
}

bool everybody_may_read(const Side& side) {
    if (!side.object || has_type(side.object, ObjectType::directory) ||
        has_type(side.object, ObjectType::symlink))
        return true;
    return side.is_public && (side.object->state.mode & S_IROTH) != 0;
}

void show_content(model::Change& change, const Side& before, const Side& after, bool shows_redacted) {
    if (!has_content(before) && !has_content(after)) return;
    change.redacted = !everybody_may_read(before) || !everybody_may_read(after);
    if (change.redacted && !shows_redacted) return;
    const auto content = [](const Side& side) { return has_content(side) ? &*side.object : nullptr; };
    ContentDiff diff = content_diff(change.path, content(before), content(after));
    change.diff = std::move(diff.text);
    change.binary = diff.binary;
}

} // namespace

std::optional<model::ObjectState> state_of(const std::optional<ReadObject>& object) {
    return object ? std::optional{object->state} : std::nullopt;
}

model::Change reported_change(const LayerToScan& layer, const std::string& path, const Side& before,
                              const Side& after, model::ChangeKind kind) {
    model::Change change;
    change.path = path.empty() ? (layer.prefix.empty() ? "/" : layer.prefix) : layer.prefix + "/" + path;
    change.kind = kind;
    change.before = state_of(before.object);
    change.after = state_of(after.object);
    if (before.object) {
        change.before_owner = layer.owners_before->user(change.before->uid);
        change.before_group = layer.owners_before->group(change.before->gid);
    }
    if (after.object) {
        change.after_owner = layer.owners_after->user(change.after->uid);
        change.after_group = layer.owners_after->group(change.after->gid);
    }
    if (kind != model::ChangeKind::metadata) show_content(change, before, after, layer.shows_redacted);
    return change;
}

} // namespace disco::overlay
