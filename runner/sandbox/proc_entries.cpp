#include "runner/sandbox/proc_entries.hpp"

#include "runner/sys/files.hpp"
#include "runner/sys/text_number.hpp"

#include <cstdio>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <sys/utsname.h>

namespace disco::sandbox {

std::vector<std::string> entries_in_proc(const std::filesystem::path& proc) {
    const sys::UniqueFd directory = sys::open_directory(proc);
    std::vector<std::string> entries;
    // The processes come last, and there may be thousands.
    for (const sys::DirectoryEntry& entry : sys::list_directory(directory.get(), proc, sys::is_digits))
        if (entry.type != DT_LNK) entries.push_back("/" + entry.name);
    return entries;
}

bool pid_max_is_per_namespace() {
    struct utsname name = {};
    int major = 0, minor = 0;
    if (::uname(&name) != 0 || std::sscanf(name.release, "%d.%d", &major, &minor) != 2) return false;
    return std::pair{major, minor} >= std::pair{6, 14};
}

} // namespace disco::sandbox
