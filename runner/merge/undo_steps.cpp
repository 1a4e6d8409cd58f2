#include "runner/merge/undo_steps.hpp"

#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/path_length.hpp"
#include "runner/sys/tree_walk.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

using Place = DirectoryCache::Place;

class StepUndoer {
public:
    StepUndoer(MergePlaces& places, const timespec& planned, UndoResult& result)
        : places_{places}, planned_{planned}, result_{result} {}

    void operator()(const model::PreparedPut& step) {
        if (lies_live(step.path, step.inode)) {
            try {
                const Place live = places_.live().parent_of(step.path), source = places_.place_of(step.from);
                if (!is_one_file(live, source))
                    rename_object(live, source, RENAME_NOREPLACE);
                else
                    remove_name(live);
            } catch (const sys::SysError& error) {
                if (!means_somebody_else(error)) throw; // who has moved it right now
            }
            places_.reset();
        } // else it was not taken, or is not where it was put
        tell_if_touched(step.path, step);
    }
    void operator()(const model::PreparedExchange& step) {
        if (lies_live(step.path, step.inode)) {
            if (!put_back(places_.place_of(step.from), step.from.path, step.path, RENAME_EXCHANGE)) return;
            tell_if_touched(step.path, step);
            return;
        }
        // Not taken, if the new object is where it was; else somebody has done something to the name since.
        const Place source = places_.place_of(step.from);
        const auto original = sys::stat_at(source.directory, source.name);
        if (!original) return;
        if (original->st_ino == step.inode) return tell_if_touched(step.path, step);
        result_.foreign.push_back(fmt::format(
            "{}: somebody has {} since it was merged; the original is kept as {}", places_.shown(step.path),
            exists_live(step.path) ? "put another object there" : "removed it", step.from.path));
    }
    void operator()(const model::Remove& step) {
        const Place kept = {places_.staging(), step.kept_as};
        if (!sys::stat_at(kept.directory, kept.name)) return;
        if (exists_live(step.path)) {
            if (is_one_file(kept, places_.live().parent_of(step.path))) return remove_name(kept);
            result_.foreign.push_back(
                fmt::format("{}: somebody has put another object there; the original is kept as {}",
                            places_.shown(step.path), step.kept_as));
            return;
        }
        (void)put_back(kept, step.kept_as, step.path, RENAME_NOREPLACE);
    }
    void operator()(const model::PreparedMetadata& step) {
        const auto object = places_.live().hold(step.path);
        if (object && is_planned(*object, step.expected))
            set_metadata(*object, step.change->before, Times::copy);
    }

private:
    /// Of an original. False, and told: whoever owns its directory has taken that away, or put something else
    /// in its place. That is no reason to leave all else in between.
    [[nodiscard]] bool put_back(const Place& original, const std::string& kept_as, const std::string& path,
                                unsigned flags) {
        try {
            rename_object(original, places_.live().parent_of(path), flags);
            places_.reset();
            return true;
        } catch (const sys::SysError& error) {
            if (!means_somebody_else(error)) throw;
        }
        places_.reset();
        result_.foreign.push_back(fmt::format(
            "{}: its directory is gone, or somebody has put something else there; the original is kept as {}",
            places_.shown(path), kept_as));
        return false;
    }

    /// The name, or the directory that it was in, is not what it was when the step was taken.
    [[nodiscard]] static bool means_somebody_else(const sys::SysError& error) {
        return means_not_there(error.code()) || error.code() == EEXIST;
    }

    /// Under two names: of a rename(2) that was under way when the power was lost, btrfs may show the new
    /// name and the old one.
    [[nodiscard]] static bool is_one_file(const Place& a, const Place& b) {
        const auto one = sys::stat_at(a.directory, a.name), other = sys::stat_at(b.directory, b.name);
        return one && other && one->st_ino == other->st_ino && one->st_dev == other->st_dev;
    }
    static void remove_name(const Place& place) {
        sys::check(::unlinkat(place.directory, place.name.c_str(), 0), "remove the second name", place.name);
    }
    [[nodiscard]] bool exists_live(const std::string& path) {
        return places_.live().status_of(path).has_value();
    }
    [[nodiscard]] bool lies_live(const std::string& path, std::uint64_t inode) {
        const auto status = places_.live().status_of(path);
        return status && status->st_ino == inode;
    }

    /// Of what lies where it came from: also when an earlier recovery has put it there and did not live to
    /// tell. What was never merged has not changed since.
    template <class Step> void tell_if_touched(const std::string& path, const Step& step) {
        const Place place = places_.place_of(step.from);
        const auto status = statx_at(place);
        if (!status || status->stx_ino != step.inode)
            result_.foreign.push_back(
                fmt::format("{}: somebody has removed it, or moved it elsewhere, since it was merged",
                            places_.shown(path)));
        else if (differs(*status, step.mark) || touched(place.directory, place.name, *status))
            result_.foreign.push_back(
                fmt::format("{}: somebody has changed it since it was merged; their version is kept",
                            places_.shown(path)));
    }
    /// Whoever writes to a file may give it an old time afterwards (cp -p), and one that is made when disco's
    /// was removed may get its inode (tar -x).
    [[nodiscard]] static bool differs(const struct statx& status, const model::SourceMark& before) {
        if (!before.known) return false;
        const model::SourceMark now = mark_of(status);
        const bool both_tell = before.born.tv_sec != 0 && now.born.tv_sec != 0;
        if (both_tell && !sys::same_moment(before.born, now.born)) return true;
        // An exchange sets the mtime of a directory on some file systems (XFS).
        return !S_ISDIR(status.stx_mode) &&
               (now.size != before.size || !sys::same_moment(now.mtime, before.mtime));
    }
    /// The rename sets the ctime of the object itself, so of that one the mtime has to do.
    [[nodiscard]] bool touched(int directory, const std::string& name, const struct statx& status) const {
        // XFS sets the mtime of an exchanged directory as well; what is new in one tells by its own ctime.
        if (!S_ISDIR(status.stx_mode)) return sys::later(mark_of(status).mtime, planned_);
        try {
            return touched_inside(sys::open_beneath(directory, name, O_RDONLY | O_DIRECTORY));
        } catch (const sys::MovedMeanwhile&) {
            return true;
        } catch (const sys::SysError& error) {
            if (!means_somebody_else(error)) throw;
            return true; // who is at work in it right now
        }
    }
    [[nodiscard]] bool touched_inside(sys::UniqueFd directory) const {
        sys::TreeWalk walk{std::move(directory), ""};
        while (walk.next()) {
            if (walk.path().size() > sys::longest_path) return true; // nothing so deep is ever merged
            const auto inner = walk.found() ? sys::stat_at(walk.directory(), walk.name()) : std::nullopt;
            if (!inner) continue;
            const bool file = !S_ISDIR(inner->st_mode);
            if (sys::later(inner->st_ctim, planned_) || (file && sys::later(inner->st_mtim, planned_)))
                return true;
            if (!file) walk.enter();
        }
        return false;
    }

    MergePlaces& places_;
    const timespec& planned_;
    UndoResult& result_;
};

} // namespace

UndoResult undo_steps(const model::PreparedPlan& plan, MergePlaces& places, const timespec& planned) {
    UndoResult result;
    StepUndoer take_back{places, planned, result};
    for (auto step = plan.live.rbegin(); step != plan.live.rend(); ++step) {
        try {
            std::visit(take_back, *step);
        } catch (const sys::Error& error) {
            result.failed.push_back(
                fmt::format("{}: {}", places.shown(model::path_of(*step)), error.full_text()));
        }
    }
    if (!result.failed.empty()) return result;
    try {
        restore_times(plan.parents_before, places);
    } catch (const sys::Error& error) {
        result.failed.push_back(error.full_text());
    }
    return result;
}

KeepTimes::KeepTimes(int directory, const std::filesystem::path& shown) : directory_{directory} {
    struct stat status = {};
    sys::check(::fstat(directory_, &status), "stat", shown);
    times_[0] = status.st_atim;
    times_[1] = status.st_mtim;
}

KeepTimes::~KeepTimes() { ::futimens(directory_, times_); }

void restore_times(const std::vector<model::DirectoryTimes>& directories, MergePlaces& places) {
    places.reset();
    // A directory's times are a nicety, and somebody may have removed it.
    for (const model::DirectoryTimes& directory : directories) {
        const auto held = places.live().hold(directory.path);
        if (!held || !S_ISDIR(held->status().st_mode)) continue;
        try {
            held->set_times(directory.atime, directory.mtime);
        } catch (const sys::SysError& error) {
            spdlog::debug("{}, ignoring", error.full_text());
        }
    }
}

} // namespace disco::merge
