#include "runner/overlay/upperdir_scan.hpp"

#include "runner/overlay/below_view.hpp"
#include "runner/overlay/found_changes.hpp"
#include "runner/overlay/object_reader.hpp"
#include "runner/overlay/origin.hpp"
#include "runner/overlay/reported_change.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/leased_file.hpp"
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
          below_{layer.live, layer.kept, composition},
          found_{layer, composition, sink, below_} {}

    [[nodiscard]] bool run() {
        const sys::UniqueFd upper = sys::open_directory(layer_.upper);
        Level top{"", upper.get(), below_.live()};
        top.entries_changed = changed(below_.live());
        top.public_before = layer_.public_before;
        top.public_after = layer_.public_after;
        visit_root(top);
        walk(top, false);
        found_.report_links();
        return found_.has_times();
    }

private:
    [[nodiscard]] bool changed(int live) const {
        return layer_.started.tv_sec != 0 && entries_changed_since(live, layer_.started);
    }

    /// The mount's own root directory: only its metadata can differ.
    void visit_root(Level& top) {
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
        found_.settle({"", top.public_before, top.public_after}, before, after);
        top.public_before = top.public_before && others_may(before.object, S_IXOTH);
        top.public_after = top.public_after && others_may(after, S_IXOTH);
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

    /// Whoever keeps a file of the live root from being read keeps it from being compared.
    template <class Work> decltype(auto) comparing(const std::string& path, const Work& work) const {
        try {
            return work();
        } catch (const sys::LeaseKept&) {
            throw ChangedMeanwhile{
                {layer_.prefix + "/" + path, "a file that can be read", sys::LeaseKept::what_to_do}};
        }
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
        for (const std::string& name : names)
            comparing(joined(level, name), [&] { visit(level, name, opaque); });
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
            found_.settle({path, level.public_before, level.public_after}, before, after);
            delete_inside(path, live.get(), level.public_before && others_may(before.object, S_IXOTH),
                          level.depth + 1);
            composition_.forget_inside(path);
            return;
        }
        found_.settle({path, level.public_before, level.public_after}, before, after);
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
            BelowView::Found before = comparing(inner, [&] { return find_deleted(inner, name, live); });
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

    const LayerToScan& layer_;
    model::Composition& composition_;
    const std::function<void(model::Change&&)>& sink_;
    BelowView below_;
    ObjectReader reader_;
    FoundChanges found_;
};

} // namespace

bool scan_layer(const LayerToScan& layer, model::Composition& composition,
                const std::function<void(model::Change&&)>& sink) {
    return Scan{layer, composition, sink}.run();
}

} // namespace disco::overlay
