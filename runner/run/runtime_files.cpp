#include "runner/run/runtime_files.hpp"

#include "runner/border/carried_files.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/sys/atomic_file.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/random_number.hpp"
#include "runner/sys/text_lines.hpp"

#include <cerrno>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::run {
namespace {

constexpr std::string_view run = "/run/";

/// The directories, by descriptor, in which an object lies and in which it is to lie, and its name in both.
struct Place {
    sys::UniqueFd from, to;
    std::string name;
};

/// Of each path the name of its copy, which lies in the same directory until it is put in place: one that
/// nobody can have chosen before.
std::map<std::string, std::string> names_of_copies(const std::set<std::string>& paths) {
    const std::uint64_t random = sys::random_number();
    std::map<std::string, std::string> names;
    for (const std::string& path : paths)
        names.emplace(path, fmt::format(".disco-{:016x}-{}", random, names.size()));
    return names;
}

void write_record(const std::filesystem::path& record, const std::map<std::string, std::string>& copies) {
    std::string names;
    for (const auto& [path, copy] : copies)
        names += std::filesystem::path{path}.replace_filename(copy).native() + '\0';
    sys::AtomicFile file{record}; // not synced: what it names does not outlive a boot
    file.write(names);
    file.commit();
}

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

/// `inode`: of the directory that was there; 0: of one that was just made, which is root's. Others may put
/// another one there at any time.
void set_like(const Place& place, ino_t inode, const std::string& path) {
    const sys::HeldObject live{place.to.get(), place.name}, kept{place.from.get(), place.name};
    const struct stat& status = live.status();
    if (!S_ISDIR(status.st_mode) || (inode == 0 ? status.st_uid != ::geteuid() : status.st_ino != inode))
        throw sys::Error{fmt::format("'/run/{}' was replaced by somebody else meanwhile, and stays as it is",
                                     sys::printable(path))};
    merge::set_metadata(live, merge::read_metadata(kept, merge::Bookkeeping::strip), merge::Times::keep);
}

/// Makes directories, and copies what is to lie in them beside its place: all of it first, as one file may
/// have several names.
class FilePlacer {
public:
    FilePlacer(int kept, int live, const timespec& started)
        : kept_{kept}, live_{live}, started_{started}, copy_{live} {}
    FilePlacer(const FilePlacer&) = delete;
    FilePlacer& operator=(const FilePlacer&) = delete;
    ~FilePlacer() {
        for (const WaitingFile& one : waiting_) ::unlinkat(one.place.to.get(), one.copy.c_str(), 0);
    }

    /// `copy`: its name, for the time being.
    void prepare(const std::string& path, const std::string& copy) {
        auto place = place_of(kept_, live_, path);
        if (!place) return;
        const auto made = sys::stat_at(place->from.get(), place->name);
        if (!made || S_ISCHR(made->st_mode)) return; // a whiteout: a later script removed it
        const auto there = sys::stat_at(place->to.get(), place->name);
        if (S_ISDIR(made->st_mode)) {
            if (!there)
                sys::check(::mkdirat(place->to.get(), place->name.c_str(), 0700), "make directory",
                           "/run/" + path);
            else if (!S_ISDIR(there->st_mode))
                throw sys::Error{
                    fmt::format("'/run/{}' is no directory on the machine", sys::printable(path))};
            return set_like(*place, there ? there->st_ino : 0, path);
        }
        if (there && sys::later(there->st_ctim, started_))
            throw sys::Error{
                fmt::format("'/run/{}' was changed by somebody else meanwhile, and stays as it is",
                            sys::printable(path))};
        const WaitingFile& one = waiting_.emplace_back(*std::move(place), path, copy);
        copy_.copy(one.place.from.get(), one.place.name, std::filesystem::path{path}.replace_filename(copy));
    }

    /// The next that was prepared gets its place. False when there is none.
    bool put_next() {
        if (waiting_.empty()) return false;
        const WaitingFile one = std::move(waiting_.front());
        waiting_.pop_front();
        if (::renameat(one.place.to.get(), one.copy.c_str(), one.place.to.get(), one.place.name.c_str()) == 0)
            return true;
        const sys::SysError error{errno, "put in place", "/run/" + one.path};
        ::unlinkat(one.place.to.get(), one.copy.c_str(), 0);
        throw error;
    }

private:
    struct WaitingFile {
        WaitingFile(Place in, std::string of, std::string name)
            : place{std::move(in)}, path{std::move(of)}, copy{std::move(name)} {}
        Place place;
        std::string path, copy;
    };
    int kept_, live_;
    timespec started_;
    merge::ObjectCopy copy_;
    std::deque<WaitingFile> waiting_;
};

} // namespace

void RuntimeFiles::note(const model::Change& change, model::ModuleReport& report) {
    const auto enter = [&](std::string text) {
        report.notices.push_back({model::NoticeKind::runtime, std::move(text), {}, {}});
    };
    const std::string shown = sys::printable(change.path);
    if (!change.path.starts_with(run)) {
        enter("'/run' itself got another owner or mode from a script, and stays as it is on the machine; "
              "`disco-defer` changes it afterwards");
        return;
    }
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

std::string RuntimeFiles::put_in_place(const std::filesystem::path& kept, const timespec& started,
                                       const std::filesystem::path& record) const {
    const sys::UniqueFd from = sys::open_directory(kept), to = sys::open_directory("/run");
    const std::map<std::string, std::string> copies = names_of_copies(paths_);
    write_record(record, copies);
    std::string failures;
    const auto note = [&](const sys::Error& error) {
        failures += fmt::format("{}cannot put what scripts made in /run in place: {}",
                                failures.empty() ? "" : "\n", error.full_text());
    };
    FilePlacer placing{from.get(), to.get(), started};
    for (const auto& [path, copy] : copies) // sorted: parents first
        try {
            placing.prepare(path, copy);
        } catch (const sys::Error& error) {
            note(error);
        }
    for (bool more = true; more;) try {
            more = placing.put_next();
        } catch (const sys::Error& error) {
            note(error);
        }
    sys::check(::unlink(record.c_str()), "remove", record);
    return failures;
}

void remove_unplaced(const std::filesystem::path& record) {
    const auto names = sys::read_file_if_exists(record);
    if (!names) return;
    const sys::UniqueFd run_directory = sys::open_directory("/run");
    for (const std::string_view name : sys::split(*names, '\0')) {
        const std::filesystem::path path{name};
        const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
        try {
            const sys::UniqueFd directory =
                sys::try_open_beneath(run_directory.get(), parent, O_RDONLY | O_DIRECTORY);
            if (directory && ::unlinkat(directory.get(), path.filename().c_str(), 0) != 0 && errno != ENOENT)
                throw sys::SysError{errno, "remove", "/run" / path};
        } catch (const sys::SysError& error) { // it takes room and is in nobody's way
            spdlog::warn("a run that was killed has left '/run/{}', leaving it: {}",
                         sys::printable(path.native()), error.full_text());
        }
    }
    sys::check(::unlink(record.c_str()), "remove", record);
}

} // namespace disco::run
