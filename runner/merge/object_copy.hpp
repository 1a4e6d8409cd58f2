#pragma once

#include "runner/model/merge_plan.hpp"

#include <map>
#include <string>
#include <utility>

#include <sys/types.h>

namespace disco::merge {

/// Copies objects between file systems, with owner, mode, times, extended attributes, flags, holes and hard
/// links among what one object of this class copies. Overlay bookkeeping stays behind. Throws SysError.
class ObjectCopy {
public:
    /// `target` in `to_directory` must not exist. A directory is copied with all it holds.
    void copy(int from_directory, const std::string& name, int to_directory, const std::string& target);

private:
    void copy_directory(int from_directory, const std::string& name, int to_directory,
                        const std::string& target);
    std::map<std::pair<dev_t, ino_t>, std::string>
        links_; ///< of files with several names: where the copy is, by /proc path
};

/// Owner, mode, xattrs and times of an object. `strip`: without overlay bookkeeping, one level unescaped, as
/// a reader of the live root would see it.
enum class Bookkeeping { keep, strip };
[[nodiscard]] model::Metadata read_metadata(int directory, const std::string& name, Bookkeeping bookkeeping);
/// `times`: also access and modification time.
enum class Times { keep, copy };
void set_metadata(int directory, const std::string& name, const model::Metadata& wanted, Times times);

/// Gives a file or directory flags of chattr(1) besides those that it has; ones that its file system does not
/// know are left out.
void add_flags(int directory, const std::string& name, unsigned flags);

/// Takes trusted.overlay.* off; an escaped attribute gets its own name back.
void remove_bookkeeping(int directory, const std::string& name);

} // namespace disco::merge
