#include "runner/overlay/upperdir_scan.hpp"

#include "runner/overlay/below_view.hpp"
#include "runner/overlay/comparing.hpp"
#include "runner/overlay/deleted_tree.hpp"
#include "runner/overlay/found_changes.hpp"
#include "runner/overlay/object_reader.hpp"
#include "runner/overlay/origin.hpp"
#include "runner/sys/descent.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::overlay {
namespace {

using model::ComposedEntry;
using model::ObjectType;

/// A directory of the layer that is being walked, with its counterpart below.
struct Level {
    std::string path;      ///< relative to the mount, "" for its root
    bool opaque = false;   ///< nothing below it shows through
    bool has_live = false; ///< there is a live counterpart, which nothing hides
    bool below = true;     ///< there is a directory below it, so names in it may have a before
    bool public_before = true, public_after = true; ///< others may search it and all directories above it
    bool entries_changed = false;                   ///< somebody has added or taken live ones
    std::vector<std::string> names = {};            ///< in it; there may be very many
    std::size_t next = 0;                           ///< of them
};

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
          below_{layer.live, layer.base, composition},
          upper_{sys::open_directory(layer.upper)},
          live_{sys::open_beneath(below_.live(), ".", O_RDONLY | O_DIRECTORY)},
          found_{layer, composition, sink, below_} {}

    [[nodiscard]] bool run() {
        Level top{.path = "",
                  .has_live = true,
                  .public_before = layer_.public_before,
                  .public_after = layer_.public_after,
                  .entries_changed = changed(live_.directory())};
        visit_root(top);
        walk(std::move(top));
        found_.report_links();
        return found_.has_times();
    }

private:
    [[nodiscard]] bool changed(int live) const {
        return layer_.started.tv_sec != 0 && entries_changed_since(live, layer_.started);
    }
    /// -1: there is none, or it is hidden.
    [[nodiscard]] int live_of(const Level& level) const noexcept {
        return level.has_live ? live_.directory() : -1;
    }

    /// The mount's own root directory: only its metadata can differ.
    void visit_root(Level& top) {
        const int upper = upper_.directory(), live = live_.directory();
        struct stat status = {};
        sys::check(::fstat(upper, &status), "stat", layer_.upper);
        std::optional<ReadObject> after = reader_.read(upper, ".", status, ObjectReader::Location::layer);
        BelowView::Found before;
        if (const ComposedEntry* entry = composition_.find("")) {
            if (entry->live) before.live = *entry->live;
            const sys::UniqueFd earlier = sys::open_directory(layer_.base);
            sys::check(::fstat(earlier.get(), &status), "stat", layer_.base);
            before.object = reader_.read(earlier.get(), ".", status, ObjectReader::Location::layer);
            before.object->state.flags = entry->flags;
        } else {
            sys::check(::fstat(live, &status), "stat", layer_.live);
            before.object = reader_.read(live, ".", status, ObjectReader::Location::live);
            before.live = before.object->stamp;
        }
        ObjectReader::read_flags(upper, ".", *before.object, *after);
        if (after->is_protected) check_protection(live, ".", "/");
        found_.decide({"", top.public_before, top.public_after}, before, after);
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

    /// No recursion: a tree may be deeper than a stack.
    void walk(Level top) {
        begin(std::move(top));
        while (!levels_.empty()) {
            Level& level = levels_.back();
            if (level.next == level.names.size()) {
                end();
                continue;
            }
            const std::string path = path_in(layer_, level.path, level.names[level.next]);
            auto inside =
                comparing(layer_, path, [&] { return visit(level, level.names[level.next], path); });
            ++level.next;
            if (inside) begin(*std::move(inside));
        }
    }

    void begin(Level level) {
        sys::throw_if_interrupted();
        std::vector<std::string> names;
        for (sys::DirectoryEntry& entry : sys::list_directory(upper_.directory(), level.path))
            names.push_back(std::move(entry.name));
        if (level.opaque && level.below) {
            const std::vector<std::string> hidden = below_.names_in(level.path, live_of(level));
            std::set_union(names.begin(), names.end(), hidden.begin(), hidden.end(),
                           std::back_inserter(level.names));
        } else {
            level.names = std::move(names);
        }
        levels_.push_back(std::move(level));
    }

    void end() {
        const Level& level = levels_.back();
        if (levels_.size() > 1) {
            if (level.has_live) comparing(layer_, level.path, [&] { live_.leave(); });
            upper_.leave();
        }
        levels_.pop_back();
    }

    /// What the layer has where nothing is below is new, or somebody else has taken what was there.
    void expect_not_taken(const Level& level, const std::string& name, const std::string& path,
                          bool directory) const {
        const auto meanwhile = [&](const char* found) {
            return ChangedMeanwhile{{layer_.prefix + "/" + path, "it where it was", found}};
        };
        if (origin_was_taken(upper_.directory(), name, directory, below_.live(), layer_.started))
            throw meanwhile("removed or renamed since");
        if (level.entries_changed && may_be_copy_of_taken(upper_.directory(), name))
            throw meanwhile("somebody has changed its directory since, and it may be a copy of what they "
                            "removed there");
    }

    /// A directory to go into, if it is one.
    [[nodiscard]] std::optional<Level> visit(const Level& level, const std::string& name,
                                             const std::string& path) {
        const int upper = upper_.directory(), live = live_of(level);
        std::optional<ReadObject> after;
        if (const auto status = sys::stat_at(upper, name)) {
            after = reader_.read(upper, name, *status, ObjectReader::Location::layer);
            if (after->whiteout) after.reset();
        }
        if (after && after->is_protected) check_protection(live, name, path);
        BelowView::Found before;
        if (level.below) before = below_.find(path, name, live, reader_);
        if (!before.object && !after) return std::nullopt; // a whiteout over nothing
        if (before.object && after) ObjectReader::read_flags(upper, name, *before.object, *after);
        if (!before.object && level.below && !level.opaque && composition_.find(path) == nullptr)
            expect_not_taken(level, name, path, is_directory(after));
        // What is below is opened before the composition changes, as that decides what is to be seen.
        const bool had_directory = is_directory(before.object);
        sys::UniqueFd live_inside =
            had_directory ? below_.live_subdirectory(path, name, live) : sys::UniqueFd{};
        found_.decide({path, level.public_before, level.public_after}, before, after);
        const bool public_before = level.public_before && others_may(before.object, S_IXOTH);
        if (had_directory && !is_directory(after)) {
            report_deleted(layer_, composition_, below_, {path, std::move(live_inside), public_before},
                           reader_, sink_);
            composition_.forget_inside(path);
            return std::nullopt;
        }
        if (!is_directory(after)) return std::nullopt;
        composition_.note_time(path, after->state.mtime);
        sys::UniqueFd upper_inside{
            ::openat(upper, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
        if (!upper_inside) throw sys::SysError{errno, "open directory", path};
        // In an opaque directory nothing shows through, so that what is in it need not be marked.
        Level inside{.path = path,
                     .opaque = level.opaque || after->opaque,
                     .has_live = static_cast<bool>(live_inside),
                     .below = had_directory,
                     .public_before = public_before,
                     .public_after = level.public_after && others_may(after, S_IXOTH),
                     .entries_changed = changed(live_inside.get())};
        upper_.enter(std::move(upper_inside));
        if (inside.has_live) live_.enter(std::move(live_inside));
        return inside;
    }

    const LayerToScan& layer_;
    model::Composition& composition_;
    const std::function<void(model::Change&&)>& sink_;
    BelowView below_;
    sys::Descent upper_, live_; ///< where the walk is
    std::vector<Level> levels_; ///< from the top to there
    ObjectReader reader_;
    FoundChanges found_;
};

} // namespace

bool scan_layer(const LayerToScan& layer, model::Composition& composition,
                const std::function<void(model::Change&&)>& sink) {
    return Scan{layer, composition, sink}.run();
}

} // namespace disco::overlay
