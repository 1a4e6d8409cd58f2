#include "runner/dance/runtime_files.hpp"

#include "runner/border/runtime_files.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <cerrno>
#include <cstdio>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::dance {
namespace {

constexpr std::string_view run = "/run/";

bool is_later(const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/// The directories, by descriptor, in which an object lies and in which it is to lie, and its name in both.
struct Place {
    sys::UniqueFd from, to;
    std::string name;
};

/// Nothing when a later script removed what it was in. The two trees may be changed by others at any time, so
/// no symlink is followed.
std::optional<Place> place_of(int kept, int live, const std::string& path) {
    const std::filesystem::path parent = std::filesystem::path{path}.parent_path();
    const std::filesystem::path directory = parent.empty() ? "." : parent;
    Place place{sys::try_open_beneath(kept, directory, O_RDONLY | O_DIRECTORY),
                sys::try_open_beneath(live, directory, O_RDONLY | O_DIRECTORY),
                std::filesystem::path{path}.filename()};
    if (!place.from) return std::nullopt;
    if (!place.to) throw sys::SysError{ENOENT, "open directory", "/run" / parent};
    return place;
}

void set_like(const Place& place) {
    merge::set_metadata(place.to.get(), place.name,
                        merge::read_metadata(place.from.get(), place.name, merge::Bookkeeping::strip),
                        merge::Times::keep);
}

void put(int kept, int live, const std::string& path, const timespec& started) {
    const auto place = place_of(kept, live, path);
    if (!place) return;
    const auto made = sys::stat_at(place->from.get(), place->name);
    if (!made || S_ISCHR(made->st_mode)) return; // a whiteout: a later script removed it
    const auto there = sys::stat_at(place->to.get(), place->name);
    if (S_ISDIR(made->st_mode)) {
        if (!there)
            sys::check(::mkdirat(place->to.get(), place->name.c_str(), 0700), "make directory",
                       "/run/" + path);
        else if (!S_ISDIR(there->st_mode))
            throw sys::Error{fmt::format("'/run/{}' is no directory on the machine", sys::printable(path))};
        return set_like(*place);
    }
    if (there && is_later(there->st_ctim, started))
        throw sys::Error{fmt::format("'/run/{}' was changed by somebody else meanwhile, and stays as it is",
                                     sys::printable(path))};
    const std::string aside = fmt::format(".{}.disco-new", place->name.substr(0, 200));
    sys::remove_tree_at(place->to.get(), aside);
    merge::ObjectCopy{}.copy(place->from.get(), place->name, place->to.get(), aside);
    if (::renameat(place->to.get(), aside.c_str(), place->to.get(), place->name.c_str()) != 0) {
        const sys::SysError error{errno, "put in place", "/run/" + path};
        sys::remove_tree_at(place->to.get(), aside);
        throw error;
    }
}

} // namespace

void RuntimeFiles::note(const model::Change& change, model::ModuleReport& report) {
    const auto enter = [&](std::string text) {
        report.notices.push_back({model::NoticeKind::runtime, std::move(text), {}, {}});
    };
    const std::string shown = sys::printable(change.path);
    if (!change.path.starts_with(run)) return; // of /run itself
    const std::string path = change.path.substr(run.size());
    if (!change.after) {
        if (paths_.erase(path) != 0) return; // of this run's own
        if (change.before && border::is_carried_over(change.path, change.before->type))
            enter(fmt::format(
                "'{}' was removed by a script, and stays on the machine: nothing in /run is removed "
                "by a merge; `disco-defer rm` removes it afterwards",
                shown));
        return;
    }
    if (!border::is_carried_over(change.path, change.after->type)) return;
    if (!paths_.insert(path).second) return;
    // A directory stands for all that was made in it.
    const std::string parent = std::filesystem::path{path}.parent_path();
    if (parent.empty() || !paths_.contains(parent))
        enter(fmt::format("runtime {}, put in place after the merge: {}",
                          model::to_string(change.after->type), shown));
}

std::string RuntimeFiles::put_in_place(const std::filesystem::path& kept, const timespec& started) const {
    const sys::UniqueFd from = sys::open_directory(kept), to = sys::open_directory("/run");
    std::string failures;
    for (const std::string& path : paths_) // sorted: parents first
        try {
            put(from.get(), to.get(), path, started);
        } catch (const sys::Error& error) {
            failures += fmt::format("{}cannot put '/run/{}' in place: {}", failures.empty() ? "" : "\n",
                                    sys::printable(path), error.full_text());
        }
    return failures;
}

} // namespace disco::dance
