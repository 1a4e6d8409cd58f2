#pragma once

#include "runner/sys/files.hpp"

#include <string>

#include <dirent.h>
#include <sys/stat.h>

namespace disco::overlay {

/// Whether an object of an upperdir stands for a deletion: a character device 0:0 (overlayfs.rst). Pure.
[[nodiscard]] inline bool is_whiteout(const struct stat& status) {
    return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

/// The same of an entry of a directory; `type`: DT_CHR, …; only what may be one is looked at. Throws
/// SysError.
[[nodiscard]] inline bool is_whiteout(int directory, const std::string& name, unsigned char type) {
    if (type != DT_CHR) return false;
    const auto status = sys::stat_at(directory, name);
    return status && is_whiteout(*status);
}

} // namespace disco::overlay
