#pragma once

#include "runner/model/merge_plan.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/held_object.hpp"
#include "runner/sys/leased_file.hpp"
#include "runner/sys/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

namespace disco::merge {

/// Of an overlay, in extended attributes. `strip`: without it, one level unescaped, as a reader of the live
/// root would see an object.
enum class Bookkeeping { keep, strip };

/// Copies objects between file systems, with owner, mode, times, extended attributes, flags, holes and hard
/// links among what one object of this class copies. All that a copy has is of one object, whatever is put
/// under the name meanwhile: whoever owns the directory could else have root's bytes in a file of theirs.
/// Throws SysError; Error when somebody who may write to a
/// directory puts another object in the place of a copy.
class ObjectCopy {
public:
    /// `to`: the directory below which the copies are to lie, borrowed; it has the owner that new objects of
    /// this process have there. Throws SysError.
    explicit ObjectCopy(int to, Bookkeeping bookkeeping = Bookkeeping::strip);
    /// What its owner, or what it is itself, keeps from being copied costs itself only: a file with a lease,
    /// a directory that is moved. What is gone is left out without a word, and `told` is called with the path
    /// of the copy of all else. Errors of the file systems are thrown as before.
    using Told = std::function<void(const std::string& path, const sys::Error& why)>;
    void leave_out(Told told, sys::LeasePatience patience);
    /// Of each object so many names at most, where something is left out: its owner may go on adding to it.
    void stop_after(std::uint64_t names) noexcept { most_ = names; }
    /// `target`, a path below it without symlinks, must not exist. A directory is copied with all it holds,
    /// but not what is deeper than a path can be long: that is an error, or left out.
    void copy(int from_directory, const std::string& name, const std::string& target);

private:
    /// `path`: of the copy. A directory, opened, whose content is still to come; empty for all else.
    sys::UniqueFd copy_one(int from_directory, const std::string& name, int to_directory,
                           const std::string& target, const std::string& path);
    sys::UniqueFd copy_held(const sys::HeldObject& source, int to_directory, const std::string& target,
                            const std::string& path);
    void copy_inside(sys::UniqueFd from, sys::UniqueFd to, const std::string& path);
    /// The last one that was begun; `to_directory` holds its copy.
    void finish_directory(int to_directory, const std::string& path);
    void set(const sys::HeldObject& made, const model::Metadata& metadata) const;
    /// False: the error is thrown.
    [[nodiscard]] bool costs_itself(const sys::Error& error) const;
    [[nodiscard]] bool is_full() const;
    bool copy_link(const struct stat& status, int to_directory, const std::string& target);

    /// What the copy of a directory gets when all that is in it was copied.
    struct BegunCopy {
        std::string name;
        model::Metadata metadata;
        unsigned flags;
    };
    struct CopiedLink {
        std::string path;
        ino_t inode;
    };
    int to_;
    uid_t owner_ = 0; ///< of `to_`
    Bookkeeping bookkeeping_;
    Told told_; ///< empty: nothing is left out
    std::optional<sys::LeasePatience> patience_;
    std::uint64_t most_ = std::numeric_limits<std::uint64_t>::max();
    std::map<std::pair<dev_t, ino_t>, CopiedLink> links_; ///< of files with several names
    std::vector<BegunCopy> begun_;                        ///< the directories on the way
};

/// Owner, mode, xattrs and times of an object, as it was when it was opened.
[[nodiscard]] model::Metadata read_metadata(const sys::HeldObject& object, Bookkeeping bookkeeping);
/// Whether it is the one that a step is for, by what no owner of its directory can give another object.
[[nodiscard]] bool is_planned(const sys::HeldObject& object, const model::Stamp& expected);
/// `times`: also access and modification time.
enum class Times { keep, copy };
void set_metadata(const sys::HeldObject& object, const model::Metadata& wanted, Times times);

/// Gives a file or directory flags of chattr(1) besides those that it has; ones that its file system does not
/// know are left out.
void add_flags(int directory, const std::string& name, unsigned flags);

/// Takes trusted.overlay.* off; an escaped attribute gets its own name back.
void remove_bookkeeping(int directory, const std::string& name);

} // namespace disco::merge
