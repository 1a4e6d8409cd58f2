#pragma once

#include "runner/sys/descent.hpp"
#include "runner/sys/files.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace disco::sys {

/// Goes through a tree, a directory before what it holds, in the order of names, without recursion and with a
/// bounded number of descriptors, however deep the tree is. Directories are entered on demand only:
///
///     for (TreeWalk walk{std::move(top), "/shown"}; walk.next();)
///         if (walk.found() && walk.type() == DT_DIR) walk.enter();
///
/// Everything throws SysError, and MovedMeanwhile.
class TreeWalk {
public:
    /// `shown`: the path of `top`, for messages.
    TreeWalk(UniqueFd top, std::string shown);

    /// Goes to the next object, or out of a directory that was entered. False at the end.
    bool next();
    /// When `next` has thrown MovedMeanwhile: out of what was moved, and of what it was in, into the deepest
    /// directory that is where it was, as after `next`. What it had not come to further down is left out.
    void resume();
    /// How many directories below the top it is in.
    [[nodiscard]] std::size_t depth() const noexcept { return descent_.depth(); }
    /// It has come to an object; else it has come out of a directory, which is the object now.
    [[nodiscard]] bool found() const noexcept { return found_; }

    /// The directory that the object lies in, borrowed until the next call that moves.
    [[nodiscard]] int directory() const noexcept { return descent_.directory(); }
    [[nodiscard]] const std::string& name() const noexcept { return levels_.back().current().name; }
    /// DT_… of dirent.
    [[nodiscard]] unsigned char type() const noexcept { return levels_.back().current().type; }
    /// Relative to the top. A path may be longer than any call takes.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// For messages: of the object, with the top's, or the beginning of that.
    [[nodiscard]] std::string shown() const;

    /// What the object holds comes next: a directory that was just found. No symlink is followed. Until
    /// `next` there is no object then, and `directory` is the one that was entered. When this throws, the
    /// walk can go on beside it.
    void enter();
    /// The same, when it was opened by the caller, who decides what may be crossed.
    void enter(UniqueFd inside);

private:
    struct Level {
        std::vector<DirectoryEntry> entries;
        std::size_t next = 0;
        std::size_t path_length = 0; ///< of the directory
        [[nodiscard]] const DirectoryEntry& current() const { return entries[next - 1]; }
    };

    std::string shown_, path_;
    Descent descent_;
    std::vector<Level> levels_;
    bool found_ = false;
};

} // namespace disco::sys
