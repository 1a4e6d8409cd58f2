#pragma once

#include <map>
#include <string>
#include <utility>

#include <sys/types.h>

namespace disco::merge {

/// Copies objects between file systems, with owner, mode, times, extended attributes, holes and hard links
/// among what one object of this class copies. Overlay bookkeeping stays behind. Throws SysError.
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

/// Gives an object the owner, mode, xattrs and times of another one. `times`: also access and modification
/// time.
enum class Times { keep, copy };
void copy_metadata(int from_directory, const std::string& from, int to_directory, const std::string& to,
                   Times times);

/// Takes trusted.overlay.* off; an escaped attribute gets its own name back.
void remove_bookkeeping(int directory, const std::string& name);

} // namespace disco::merge
