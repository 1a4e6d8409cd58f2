#pragma once

#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace disco::sys {

/// A file that is written aside, in the same directory, and put in its place as a whole: readers see the old
/// content or the new one. What is there already is neither opened nor followed, whatever it is. What was not
/// committed is removed. Everything throws SysError.
class AtomicFile {
public:
    explicit AtomicFile(std::filesystem::path path, mode_t mode = 0600);
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile();

    void write(std::string_view bytes);
    /// fsync(2) of what was written; the name is on disk when its directory is.
    void sync();
    /// rename(2) to the path.
    void commit();

private:
    std::filesystem::path path_;
    std::string aside_; ///< empty: in its place
    UniqueFd fd_;
};

} // namespace disco::sys
