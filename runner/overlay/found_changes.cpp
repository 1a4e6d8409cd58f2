#include "runner/overlay/found_changes.hpp"

#include "runner/overlay/reported_change.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"

#include <filesystem>
#include <memory>

#include <fcntl.h>

namespace disco::overlay {
namespace {

using model::ChangeKind;
using model::ComposedEntry;
using model::ObjectType;
using Kind = ComposedEntry::Kind;

/// Where the file systems of the two do not keep the same fractions of a second, nobody has set anything.
bool same_time(const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && (a.tv_nsec == b.tv_nsec || a.tv_nsec == 0 || b.tv_nsec == 0);
}

} // namespace

void FoundChanges::decide(const Place& at, const BelowView::Found& before,
                          const std::optional<ReadObject>& after) {
    const std::string& path = at.path;
    const auto kind = model::change_kind(state_of(before.object), state_of(after));
    note_links(path, before, after, kind.has_value());
    if (!kind) {
        if (after && enter_times(path, before, *after)) return;
        // The base layer will hold this copy, which is equal but for what overlayfs noted on it.
        if (after && after->has_bookkeeping) composition_.note_bookkeeping(path);
        if (after && !is_directory(after) && (after->links > 1 || before.object->links > 1))
            enter_equal(path, before, *after);
        return;
    }
    enter(path, before, after, *kind);
    sink_(reported_change(layer_, path, {before.object, at.public_before}, {after, at.public_after}, *kind));
}

/// Times alone are no change, and the live root is to get them all the same. True when there are any.
bool FoundChanges::enter_times(const std::string& path, const BelowView::Found& before,
                               const ReadObject& after) {
    if (!layer_.with_times || !before.live || same_time(before.object->state.mtime, after.state.mtime) ||
        !was_given(before.object->state.mtime, after))
        return false;
    const ComposedEntry* earlier = composition_.find(path);
    if (earlier != nullptr && !earlier->may_stay()) return false; // what comes has its own
    enter(path, before, after, ChangeKind::metadata);
    times_ = true;
    return true;
}

/// A time that was set lies outside of the time of the work, or was set for access as well, as touch(1) does:
/// views are mounted with `noatime`. Any other time only means that the same was written again, or that
/// entries came and went. That is no news, and would make a merge of each dance.
bool FoundChanges::was_given(const timespec& before, const ReadObject& after) const {
    const timespec& given = after.state.mtime;
    if (sys::later(before, given) || sys::later(given, sys::now()) || sys::later(layer_.started, given))
        return true;
    // A directory is read on the way here, which sets its time of access.
    return after.copied_up && after.state.type != ObjectType::directory &&
           sys::same_moment(after.accessed, given);
}

void FoundChanges::note_links(const std::string& path, const BelowView::Found& before,
                              const std::optional<ReadObject>& after, bool reported) {
    if (!before.object || !after || is_directory(before.object) || is_directory(after)) return;
    if (before.object->links == 1 && after->links == 1) return;
    links_.add({path,
                before.object->state,
                after->state,
                {composition_.find(path) != nullptr, before.object->stamp.inode},
                {true, after->stamp.inode},
                reported});
}

void FoundChanges::report_links() {
    const auto whole = [&](const std::string& path) {
        return path.empty() ? path : layer_.prefix + "/" + path;
    };
    links_.for_each(
        [&](const std::string& path, const model::ObjectState& before, const model::ObjectState& after) {
            ReadObject was, is;
            was.state = before;
            is.state = after;
            was.state.linked_to = whole(before.linked_to);
            is.state.linked_to = whole(after.linked_to);
            sink_(reported_change(layer_, path, {was, false}, {is, false}, ChangeKind::metadata));
        });
}

/// Nothing to merge by itself, but the names that it shares a file with may have to come.
void FoundChanges::enter_equal(const std::string& path, const BelowView::Found& before,
                               const ReadObject& after) {
    ComposedEntry entry;
    entry.kind = Kind::equal;
    entry.has_bookkeeping = after.has_bookkeeping;
    entry.only_origin = after.only_origin;
    if (const ComposedEntry* earlier = composition_.find(path))
        entry = *earlier;
    else if (before.live)
        entry.live = std::make_shared<const model::Stamp>(*before.live);
    entry.inode = after.stamp.inode;
    composition_.enter(path, entry);
}

void FoundChanges::enter(const std::string& path, const BelowView::Found& before,
                         const std::optional<ReadObject>& after, ChangeKind kind) {
    const ComposedEntry* earlier = composition_.find(path);
    const bool changed_before = earlier != nullptr; // the pointer does not outlive `enter`
    ComposedEntry entry{.kind = Kind::absent,
                        .live = before.live ? std::make_shared<const model::Stamp>(*before.live) : nullptr};
    if (after) {
        // A directory's notes of earlier layers stay on it, whatever this layer does to it.
        entry.has_bookkeeping = after->has_bookkeeping || (earlier != nullptr && earlier->has_bookkeeping);
        entry.only_origin = after->only_origin && !is_directory(after);
        const bool stays_directory = is_directory(after) && is_directory(before.object);
        if (stays_directory)
            entry.kind = earlier != nullptr ? earlier->kind : Kind::metadata;
        else if (is_directory(after))
            entry.kind = Kind::directory;
        else if (kind == ChangeKind::metadata && before.live &&
                 (earlier == nullptr || earlier->kind == Kind::equal))
            entry.kind = Kind::metadata;
        else if (kind == ChangeKind::metadata && earlier != nullptr)
            entry.kind = earlier->kind;
        else
            entry.kind = Kind::object;
        if (before.live) entry.flags = after->state.flags;
        if (!is_directory(after) && (after->links > 1 || (before.object && before.object->links > 1)))
            entry.inode = after->stamp.inode;
        // Squashing makes it opaque when the base layer has something else there.
        if (entry.kind == Kind::directory && !layer_.base.empty()) entry.has_bookkeeping = true;
    }
    if (composition_.hidden_by_ancestor(
            path)) { // it comes with that directory; what is not there needs no entry
        if (after)
            composition_.enter(path, entry);
        else
            composition_.forget(path);
        return;
    }
    composition_.enter(path, entry);
    if (!changed_before || !as_live(path, after)) return;
    if (layer_.with_times && after && entry.live && !is_directory(after) &&
        !same_time(entry.live->mtime, after->state.mtime) && was_given(entry.live->mtime, *after)) {
        entry.kind = Kind::metadata;
        composition_.enter(path, entry);
        return;
    }
    if (entry.inode == 0) {
        composition_.forget(path);
        return;
    }
    entry.kind = Kind::equal;
    composition_.enter(path, entry);
}

/// Whether a path that layers have changed is now again what the live root has, so that there is nothing
/// to merge.
bool FoundChanges::as_live(const std::string& path, const std::optional<ReadObject>& after) {
    const std::filesystem::path at{path.empty() ? "." : path};
    const auto parent_path = at.has_parent_path() ? at.parent_path() : std::filesystem::path{"."};
    const sys::UniqueFd parent = sys::try_open_beneath(below_.live(), parent_path, O_RDONLY | O_DIRECTORY);
    const auto status = parent ? sys::stat_at(parent.get(), at.filename()) : std::nullopt;
    if (!status || !after) return !status && !after;
    const ReadObject live = reader_.read(parent.get(), at.filename(), *status, ObjectReader::Location::live);
    // A directory made anew hides what the live one holds; only its metadata entry may go.
    if (is_directory(after) && composition_.find(path)->kind == Kind::directory) return false;
    return !model::change_kind(live.state, after->state);
}

} // namespace disco::overlay
