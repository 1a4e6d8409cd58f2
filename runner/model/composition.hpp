#pragma once

#include "runner/model/object_state.hpp"

#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace disco::model {

/// Orders paths so that a directory comes right before all that is in it: '/' sorts below every other byte.
struct PathOrder {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const noexcept;
};

/// What the layers together make of one path of a managed mount. Its object is in the base layer, at the same
/// path.
struct ComposedEntry {
    enum class Kind : std::uint8_t {
        absent,    ///< deleted, with all that was in it
        object,    ///< a non-directory
        directory, ///< a directory where there was none; the live root has nothing to show below it
        metadata,  ///< the live object stays (a directory, a file's bytes); its mode, owner or xattrs are
                   ///< those of the object in the layer
        equal,     ///< a non-directory like the live one: it is here for the other names it has
    };
    Kind kind = Kind::object;
    bool has_bookkeeping =
        false; ///< the layer's object carries trusted.overlay.* that must not reach the live root
    bool only_origin = false; ///< of a non-directory: that is trusted.overlay.origin, and no other
    /// Of the live object it stands above, as seen by the scan; null when there was none. A pointer, because
    /// most of very many entries are new files.
    std::shared_ptr<const Stamp> live{};
    /// Of a non-directory that has, or stands above one that has, more than one name: its number in the
    /// layer, which tells the names that belong together. Else 0.
    std::uint64_t inode = 0;

    unsigned flags = 0; ///< of chattr(1), when it stands above a live object

    /// The live object may stay as far as this name is concerned.
    [[nodiscard]] bool may_stay() const noexcept { return kind == Kind::metadata || kind == Kind::equal; }
};

/// The change sets of all layers of one managed mount, topmost entry wins. Paths are relative to the mount,
/// "" is its root. Holds changes only: an equal copy-up is not entered.
class Composition {
public:
    using Entries = std::map<std::string, ComposedEntry, PathOrder>;
    enum class Below { live, absent, composed };

    /// Whether an entry above the path hides what the live root has there: a directory new to the live root,
    /// with which everything in it comes as a whole, or something that is no directory any more.
    [[nodiscard]] bool hidden_by_ancestor(std::string_view path) const;
    /// Who answers for a path: an entry here, an ancestor that hides it (absent), or the live root.
    [[nodiscard]] Below below(std::string_view path) const;
    [[nodiscard]] const ComposedEntry* find(std::string_view path) const;
    /// Enters what a layer does to a path, in place of what an earlier one did to it.
    void enter(const std::string& path, const ComposedEntry& entry);
    /// The layer's object at a path, if there is an entry, carries overlay bookkeeping.
    void note_bookkeeping(std::string_view path);
    /// Forgets a path that a later layer put back to what the live root has.
    void forget(std::string_view path);
    /// The modification time that the layers leave a directory with, below which something may have changed.
    void note_time(const std::string& path, const timespec& modified) {
        times_.insert_or_assign(path, modified);
    }
    [[nodiscard]] const timespec* time_of(const std::string& path) const {
        const auto found = times_.find(path);
        return found == times_.end() ? nullptr : &found->second;
    }
    /// The entries inside a directory, at any depth.
    struct Range {
        Entries::const_iterator begin, end;
    };
    [[nodiscard]] Range inside(std::string_view path) const;
    /// Forgets them: the directory is gone, or something else now.
    void forget_inside(std::string_view path);
    [[nodiscard]] const Entries& entries() const noexcept { return entries_; }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

private:
    Entries entries_;
    std::map<std::string, timespec> times_;
};

} // namespace disco::model
