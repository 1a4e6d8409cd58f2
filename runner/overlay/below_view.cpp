#include "runner/overlay/below_view.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/inode_flags.hpp"

#include <cerrno>
#include <set>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

namespace disco::overlay {

using model::ComposedEntry;
using Below = model::Composition::Below;

BelowView::BelowView(const std::filesystem::path& live, const std::filesystem::path& kept,
                     const model::Composition& composition)
    : live_{sys::open_directory(live)}, composition_{composition} {
    if (!kept.empty()) kept_ = sys::open_directory(kept);
}

BelowView::Found BelowView::find(const std::string& path, const std::string& name, int live_directory,
                                 ObjectReader& reader) const {
    Found found;
    const Below below = composition_.below(path);
    if (below == Below::composed) {
        const ComposedEntry& entry = *composition_.find(path);
        if (entry.live) found.live = *entry.live;
        if (entry.kind == ComposedEntry::Kind::absent) return found;
        const std::filesystem::path at{path};
        const sys::UniqueFd parent =
            at.has_parent_path() ? sys::open_beneath(kept_.get(), at.parent_path(), O_PATH | O_DIRECTORY)
                                 : sys::UniqueFd{::fcntl(kept_.get(), F_DUPFD_CLOEXEC, 0)};
        const auto status = sys::stat_at(parent.get(), at.filename());
        if (!status) throw sys::SysError{ENOENT, "find in its layer", path};
        found.object = reader.read(parent.get(), at.filename(), *status, ObjectReader::Location::layer);
        found.object->state.flags = entry.flags | sys::read_inode_flags_at(parent.get(), at.filename());
        return found;
    }
    if (below == Below::absent || live_directory < 0) return found;
    if (const auto status = sys::stat_at(live_directory, name)) {
        found.object = reader.read(live_directory, name, *status, ObjectReader::Location::live);
        found.live = found.object->stamp;
    }
    return found;
}

std::vector<std::string> BelowView::names_in(const std::string& path, int live_directory) const {
    std::set<std::string> names;
    if (live_directory >= 0) {
        for (sys::DirectoryEntry& entry : sys::list_directory(live_directory, path)) {
            if (entry.type == DT_DIR && sys::is_mount_point_at(live_directory, entry.name)) continue;
            names.insert(std::move(entry.name));
        }
    }
    const model::Composition::Range range = composition_.inside(path);
    const std::size_t skip = path.empty() ? 0 : path.size() + 1;
    for (auto entry = range.begin; entry != range.end; ++entry) {
        const std::string_view rest = std::string_view{entry->first}.substr(skip);
        if (rest.empty() || rest.find('/') != std::string_view::npos) continue;
        if (entry->second.kind == ComposedEntry::Kind::absent)
            names.erase(std::string{rest});
        else
            names.emplace(rest);
    }
    return {names.begin(), names.end()};
}

sys::UniqueFd BelowView::live_subdirectory(const std::string& path, const std::string& name,
                                           int live_directory) const {
    if (live_directory < 0) return {};
    if (const ComposedEntry* entry = composition_.find(path);
        entry != nullptr && entry->kind != ComposedEntry::Kind::metadata)
        return {};
    const int fd = ::openat(live_directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
        throw sys::SysError{errno, "open directory", path};
    return sys::UniqueFd{fd};
}

} // namespace disco::overlay
