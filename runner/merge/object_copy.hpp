#pragma once

#include "runner/model/merge_plan.hpp"
#include "runner/sys/held_object.hpp"

#include <map>
#include <string>
#include <utility>

#include <sys/types.h>

namespace disco::merge {

/// Of an overlay, in extended attributes. `strip`: without it, one level unescaped, as a reader of the live
/// root would see an object.
enum class Bookkeeping { keep, strip };

/// Copies objects between file systems, with owner, mode, times, extended attributes, flags, holes and hard
/// links among what one object of this class copies. Throws SysError.
class ObjectCopy {
public:
    explicit ObjectCopy(Bookkeeping bookkeeping = Bookkeeping::strip) : bookkeeping_{bookkeeping} {}
    /// `target` in `to_directory` must not exist. A directory is copied with all it holds.
    void copy(int from_directory, const std::string& name, int to_directory, const std::string& target);

private:
    void copy_directory(int from_directory, const std::string& name, int to_directory,
                        const std::string& target);
    Bookkeeping bookkeeping_;
    std::map<std::pair<dev_t, ino_t>, std::string>
        links_; ///< of files with several names: where the copy is, by /proc path
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
