#include "runner/overlay/upperdir_scan.hpp"

#include "runner/overlay/below_view.hpp"
#include "runner/overlay/link_changes.hpp"
#include "runner/overlay/object_reader.hpp"
#include "runner/overlay/origin.hpp"
#include "runner/overlay/reported_change.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

using model::ChangeKind;
using model::ComposedEntry;
using model::ObjectType;
using Kind = ComposedEntry::Kind;

constexpr int deepest = 2000; ///< levels; each holds two descriptors and a stack frame

/// A directory of the layer that is being walked, with its counterpart below.
struct Level {
    std::string path;  ///< relative to the mount, "" for its root
    int upper = -1;    ///< its directory in the layer
    int live = -1;     ///< its live counterpart; -1: there is none, or it is hidden
    bool below = true; ///< there is a directory below it, so names in it may have a before
    bool public_before = true, public_after = true; ///< others may search it and all directories above it
    int depth = 0;
    bool entries_changed = false; ///< somebody has added or taken live ones
};

bool is_directory(const std::optional<ReadObject>& object) {
    return object && object->state.type == ObjectType::directory;
}

bool others_may(const std::optional<ReadObject>& object, mode_t bit) {
    return !object || (object->state.mode & bit) != 0;
}

class Scan {
public:
    Scan(const LayerToScan& layer, model::Composition& composition,
         const std::function<void(model::Change&&)>& sink)
        : layer_{layer},
          composition_{composition},
          sink_{sink},
          below_{layer.live, layer.kept, composition} {}

    [[nodiscard]] bool run() {
        const sys::UniqueFd upper = sys::open_directory(layer_.upper);
        const Level top{.path = "",
                        .upper = upper.get(),
                        .live = below_.live(),
                        .entries_changed = changed(below_.live())};
        visit_root(top);
        walk(top, false);
        report_links();
        return times_;
    }

private:
    [[nodiscard]] bool changed(int live) const {
        return layer_.started.tv_sec != 0 && entries_changed_since(live, layer_.started);
    }

    /// The mount's own root directory: only its metadata can differ.
    void visit_root(const Level& top) {
        struct stat status = {};
        sys::check(::fstat(top.upper, &status), "stat", layer_.upper);
        std::optional<ReadObject> after = reader_.read(top.upper, ".", status, ObjectReader::Where::layer);
        BelowView::Found before;
        if (const ComposedEntry* entry = composition_.find("")) {
            if (entry->live) before.live = *entry->live;
            const sys::UniqueFd earlier = sys::open_directory(layer_.kept);
            sys::check(::fstat(earlier.get(), &status), "stat", layer_.kept);
            before.object = reader_.read(earlier.get(), ".", status, ObjectReader::Where::layer);
            before.object->state.flags = entry->flags;
        } else {
            sys::check(::fstat(top.live, &status), "stat", layer_.live);
            before.object = reader_.read(top.live, ".", status, ObjectReader::Where::live);
            before.live = before.object->stamp;
        }
        ObjectReader::read_flags(top.upper, ".", *before.object, *after);
        if (after->is_protected) check_protection(top.live, ".", "/");
        settle(top, "", before, after);
        composition_.note_time("", after->state.mtime);
    }

    /// A script cannot lock objects (it has no CAP_LINUX_IMMUTABLE), so that it was copied up with its lock.
    static void check_protection(int live, const std::string& name, const std::string& path) {
        struct statx status = {};
        const bool known = live >= 0 && ::statx(live, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
                                                STATX_BASIC_STATS, &status) == 0;
        if (known && (status.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0) return;
        throw sys::Error{
            fmt::format("'{}' is immutable or append-only (chattr +i, +a) where it was not before: "
                        "such objects are not merged",
                        sys::printable(path))};
    }

    void walk(const Level& level, bool opaque) {
        if (level.depth > deepest)
            throw sys::Error{
                fmt::format("'{}' is more than {} directories deep", sys::printable(level.path), deepest)};
        sys::throw_if_interrupted();
        std::vector<std::string> names; // there may be very many
        for (sys::DirectoryEntry& entry : sys::list_directory(level.upper, level.path))
            names.push_back(std::move(entry.name));
        if (opaque && level.below) {
            std::vector<std::string> all;
            const std::vector<std::string> hidden = below_.names_in(level.path, level.live);
            std::set_union(names.begin(), names.end(), hidden.begin(), hidden.end(), std::back_inserter(all));
            names = std::move(all);
        }
        for (const std::string& name : names) visit(level, name, opaque);
    }

    [[nodiscard]] static std::string joined(const Level& level, const std::string& name) {
        return level.path.empty() ? name : level.path + "/" + name;
    }

    /// What the layer has where nothing is below is new, or somebody else has taken what was there.
    void expect_not_taken(const Level& level, const std::string& name, const std::string& path,
                          bool directory) const {
        const auto meanwhile = [&](const char* found) {
            return ChangedMeanwhile{{layer_.prefix + "/" + path, "it where it was", found}};
        };
        if (origin_was_taken(level.upper, name, directory, below_.live(), layer_.started))
            throw meanwhile("removed or renamed since");
        if (level.entries_changed && may_be_copy_of_taken(level.upper, name))
            throw meanwhile("somebody has changed its directory since, and it may be a copy of what they "
                            "removed there");
    }

    void visit(const Level& level, const std::string& name, bool opaque) {
        const std::string path = joined(level, name);
        std::optional<ReadObject> after;
        if (const auto status = sys::stat_at(level.upper, name)) {
            after = reader_.read(level.upper, name, *status, ObjectReader::Where::layer);
            if (after->whiteout) after.reset();
        }
        if (after && after->is_protected) check_protection(level.live, name, path);
        BelowView::Found before;
        if (level.below) before = below_.find(path, name, level.live, reader_);
        if (!before.object && !after) return; // a whiteout over nothing
        if (before.object && after) ObjectReader::read_flags(level.upper, name, *before.object, *after);
        if (!before.object && level.below && !opaque && composition_.find(path) == nullptr)
            expect_not_taken(level, name, path, is_directory(after));
        // What is below is opened before the composition changes, as that decides what is to be seen.
        const bool had_directory = is_directory(before.object);
        const sys::UniqueFd live =
            had_directory ? below_.live_subdirectory(path, name, level.live) : sys::UniqueFd{};
        if (had_directory && !is_directory(after)) {
            settle(level, path, before, after);
            delete_inside(path, live.get(), level.public_before && others_may(before.object, S_IXOTH),
                          level.depth + 1);
            composition_.forget_inside(path);
            return;
        }
        settle(level, path, before, after);
        if (!is_directory(after)) return;
        composition_.note_time(path, after->state.mtime);
        const sys::UniqueFd upper{
            ::openat(level.upper, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        if (!upper) throw sys::SysError{errno, "open directory", path};
        // In an opaque directory nothing shows through, so that what is in it need not be marked.
        walk({.path = path,
              .upper = upper.get(),
              .live = live.get(),
              .below = had_directory,
              .public_before = level.public_before && others_may(before.object, S_IXOTH),
              .public_after = level.public_after && others_may(after, S_IXOTH),
              .depth = level.depth + 1,
              .entries_changed = changed(live.get())},
             opaque || after->opaque);
    }

    /// Reports everything that was in a directory as deleted; the directory itself is settled already.
    void delete_inside(const std::string& path, int live, bool is_public, int depth) {
        if (depth > deepest)
            throw sys::Error{
                fmt::format("'{}' is more than {} directories deep", sys::printable(path), deepest)};
        for (const std::string& name : below_names_of_deleted(path, live)) {
            const std::string inner = fmt::format("{}/{}", path, name);
            BelowView::Found before = find_deleted(inner, name, live);
            if (!before.object) continue;
            sink_(reported_change(layer_, inner, {before.object, is_public}, {std::nullopt, true},
                                  ChangeKind::deleted));
            if (!is_directory(before.object)) continue;
            const sys::UniqueFd deeper = live < 0 ? sys::UniqueFd{} : live_directory(inner, name, live);
            delete_inside(inner, deeper.get(), is_public && others_may(before.object, S_IXOTH), depth + 1);
        }
    }

    // The top of the deleted tree is in the composition by now and would hide what was in it, so these look
    // past it.
    [[nodiscard]] std::vector<std::string> below_names_of_deleted(const std::string& path, int live) const {
        return below_.names_in(path, live);
    }
    [[nodiscard]] BelowView::Found find_deleted(const std::string& path, const std::string& name, int live) {
        if (composition_.find(path) != nullptr) return below_.find(path, name, live, reader_);
        BelowView::Found found;
        if (live < 0) return found;
        if (const auto status = sys::stat_at(live, name))
            found.object = reader_.read(live, name, *status, ObjectReader::Where::live);
        return found;
    }
    [[nodiscard]] sys::UniqueFd live_directory(const std::string& path, const std::string& name,
                                               int live) const {
        return below_.live_subdirectory(path, name, live);
    }

    /// Reports one difference and enters it into the composition.
    void settle(const Level& level, const std::string& path, const BelowView::Found& before,
                const std::optional<ReadObject>& after) {
        const auto kind = model::change_kind(state_of(before.object), state_of(after));
        note_links(path, before, after, kind.has_value());
        if (!kind) {
            if (after && enter_times(path, before, *after)) return;
            // The kept layer will hold this copy, which is equal but for what overlayfs noted on it.
            if (after && after->has_bookkeeping) composition_.note_bookkeeping(path);
            if (after && !is_directory(after) && (after->links > 1 || before.object->links > 1))
                enter_equal(path, before, *after);
            return;
        }
        enter(path, before, after, *kind);
        sink_(reported_change(layer_, path, {before.object, level.public_before}, {after, level.public_after},
                              *kind));
    }

    /// Times alone are no change, and the live root is to get them all the same. True when there are any.
    bool enter_times(const std::string& path, const BelowView::Found& before, const ReadObject& after) {
        if (!layer_.with_times || !before.live || same_time(before.object->state.mtime, after.state.mtime) ||
            !was_given(before.object->state.mtime, after))
            return false;
        const ComposedEntry* earlier = composition_.find(path);
        if (earlier != nullptr && !earlier->may_stay()) return false; // what comes has its own
        enter(path, before, after, ChangeKind::metadata);
        times_ = true;
        return true;
    }

    /// Where the file systems of the two do not keep the same fractions of a second, nobody has set anything.
    static bool same_time(const timespec& a, const timespec& b) {
        return a.tv_sec == b.tv_sec && (a.tv_nsec == b.tv_nsec || a.tv_nsec == 0 || b.tv_nsec == 0);
    }

    /// A time that was set is another one than that of the work, or was set for access as well, as touch(1)
    /// does: views are mounted with `noatime`. Any other tells that the same was written again, or that
    /// entries came and went. That is no news, and would make a merge of each dance.
    [[nodiscard]] bool was_given(const timespec& before, const ReadObject& after) const {
        const timespec& given = after.state.mtime;
        if (sys::later(before, given) || sys::later(given, sys::now()) || sys::later(layer_.started, given))
            return true;
        // A directory is read on the way here, which sets its time of access.
        return after.copied_up && after.state.type != ObjectType::directory &&
               after.accessed.tv_sec == given.tv_sec && after.accessed.tv_nsec == given.tv_nsec;
    }

    void note_links(const std::string& path, const BelowView::Found& before,
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

    void report_links() {
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
    void enter_equal(const std::string& path, const BelowView::Found& before, const ReadObject& after) {
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

    void enter(const std::string& path, const BelowView::Found& before,
               const std::optional<ReadObject>& after, ChangeKind kind) {
        const ComposedEntry* earlier = composition_.find(path);
        const bool changed_before = earlier != nullptr; // the pointer does not outlive `enter`
        ComposedEntry entry{.kind = Kind::absent,
                            .live =
                                before.live ? std::make_shared<const model::Stamp>(*before.live) : nullptr};
        if (after) {
            // A directory's notes of earlier layers stay on it, whatever this layer does to it.
            entry.has_bookkeeping =
                after->has_bookkeeping || (earlier != nullptr && earlier->has_bookkeeping);
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
            // Squashing makes it opaque when the kept layer has something else there.
            if (entry.kind == Kind::directory && !layer_.kept.empty()) entry.has_bookkeeping = true;
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
    [[nodiscard]] bool as_live(const std::string& path, const std::optional<ReadObject>& after) {
        const std::filesystem::path at{path.empty() ? "." : path};
        const auto parent_path = at.has_parent_path() ? at.parent_path() : std::filesystem::path{"."};
        const sys::UniqueFd parent =
            sys::try_open_beneath(below_.live(), parent_path, O_RDONLY | O_DIRECTORY);
        const auto status = parent ? sys::stat_at(parent.get(), at.filename()) : std::nullopt;
        if (!status || !after) return !status && !after;
        const ReadObject live = reader_.read(parent.get(), at.filename(), *status, ObjectReader::Where::live);
        // A directory made anew hides what the live one holds; only its metadata entry may go.
        if (is_directory(after) && composition_.find(path)->kind == Kind::directory) return false;
        return !model::change_kind(live.state, after->state);
    }

    const LayerToScan& layer_;
    model::Composition& composition_;
    const std::function<void(model::Change&&)>& sink_;
    BelowView below_;
    ObjectReader reader_;
    LinkChanges links_;
    bool times_ = false; ///< some were entered
};

} // namespace

bool scan_layer(const LayerToScan& layer, model::Composition& composition,
                const std::function<void(model::Change&&)>& sink) {
    return Scan{layer, composition, sink}.run();
}

} // namespace disco::overlay
