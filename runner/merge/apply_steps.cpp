#include "runner/merge/apply_steps.hpp"

#include "runner/merge/live_check.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/parts.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

using Place = DirectoryCache::Place;

void expect(const std::vector<model::Conflict>& conflicts) {
    if (conflicts.empty()) return;
    throw sys::Error{fmt::format("somebody else changed it at the last moment: {}", conflicts.front().found)};
}

class Apply {
public:
    Apply(MergePlaces& places, const timespec& started) : places_{places}, started_{started} {}

    void operator()(const model::PutNew& step) {
        rename_object(places_.place_of(step.from), places_.live().parent_of(step.path), RENAME_NOREPLACE);
    }
    // A directory is looked at at once, others before the commit by `check_originals`.
    void operator()(const model::Exchange& step) {
        rename_object(places_.place_of(step.from), places_.live().parent_of(step.path), RENAME_EXCHANGE);
        if (!S_ISDIR(step.expected.mode)) return;
        places_.reset(); // what was open below may be the old directory
        expect_unchanged(places_.place_of(step.from), step.expected, step.path);
    }
    void operator()(const model::Remove& step) {
        const Place to = {places_.staging(), step.kept_as};
        rename_object(places_.live().parent_of(step.path), to, RENAME_NOREPLACE);
        if (!S_ISDIR(step.expected.mode)) return;
        places_.reset();
        expect_unchanged(to, step.expected, step.path);
    }
    void operator()(const model::SetMetadata& step) {
        const Place live = places_.live().parent_of(step.path);
        set_metadata(live.directory, live.name, step.change->after,
                     S_ISDIR(step.expected.mode) ? Times::keep : Times::copy);
    }

    /// Putting something new checks by itself. Of the others only what was renamed can tell for certain, but
    /// its ctime is known before only.
    void look_before(const model::LiveStep& step) {
        if (!std::holds_alternative<model::PutNew>(step))
            expect(find_conflicts(step, places_.live(), places_.prefix(), started_));
    }

private:
    void expect_unchanged(const Place& place, const model::Stamp& expected, const std::string& path) {
        const auto there = sys::stat_at(place.directory, place.name);
        if (!there) throw sys::SysError{ENOENT, "find the original of", path};
        expect(find_changes(place, *there, expected, places_.prefix(), path, started_));
    }

    MergePlaces& places_;
    const timespec& started_;
};

/// Originals that are no directories, once all steps were taken.
class Originals {
public:
    /// `set`: files whose metadata, with their times, was set by another name.
    Originals(const std::set<std::uint64_t>& set, MergePlaces& places, const timespec& started)
        : set_{set}, places_{places}, started_{started} {}

    void check(const Place& place, const model::Stamp& expected, const std::string& path) {
        if (S_ISDIR(expected.mode)) return;
        sys::UniqueFd file; // holds the lease
        if (S_ISREG(expected.mode)) file = without_writers(place);
        struct stat there = {};
        sys::check(file ? ::fstat(file.get(), &there)
                        : ::fstatat(place.directory, place.name.c_str(), &there, AT_SYMLINK_NOFOLLOW),
                   "look at the original of", path);
        // Of a file with more names that alone does not count its times, as a step may have set them.
        const model::Stamp now = model::stamp(there);
        if (S_ISREG(expected.mode) && !set_.contains(expected.inode) &&
            (sys::later(now.mtime, expected.mtime) || sys::later(expected.mtime, now.mtime)))
            throw sys::Error{"somebody else had the file open and wrote to it during the merge"};
        expect(find_changes(place, there, expected, places_.prefix(), path, started_));
    }

private:
    /// A lease for reading is granted only where nobody has the file open for writing (fcntl(2), F_SETLEASE).
    /// Who opened a file by its name right before it was replaced is given a moment to write and close it;
    /// who holds it open for longer writes to what has no name any more, as with every replaced file.
    sys::UniqueFd without_writers(const Place& place) {
        constexpr useconds_t pause = 1000;
        sys::UniqueFd file{
            ::openat(place.directory, place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
        if (!file) return file;
        for (; patience_ > 0; --patience_) {
            if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) == 0 || errno != EAGAIN) break;
            ::usleep(pause);
        }
        return file;
    }

    const std::set<std::uint64_t>& set_;
    MergePlaces& places_;
    const timespec& started_;
    int patience_ = 200;
};

/// Somebody who opens a file while it is leased has us told, which by default would be the end.
class LeaseSignalIgnored {
public:
    LeaseSignalIgnored() : before_{::signal(SIGIO, SIG_IGN)} {}
    LeaseSignalIgnored(const LeaseSignalIgnored&) = delete;
    LeaseSignalIgnored& operator=(const LeaseSignalIgnored&) = delete;
    ~LeaseSignalIgnored() { ::signal(SIGIO, before_); }

private:
    sighandler_t before_;
};

/// Tells which step it was; the text is not made for every one.
template <class Work> void taking(const model::LiveStep& step, const MergePlaces& places, const Work& work) {
    try {
        work();
    } catch (sys::Error& error) {
        error.add_context("merging: " + model::describe(step, places.prefix()));
        throw;
    }
}

} // namespace

void apply_steps(const model::MergePlan& plan, MergePlaces& places, const timespec& dance_started) {
    Apply apply{places, dance_started};
    for (const model::LiveStep& step : plan.live)
        taking(step, places, [&] {
            apply.look_before(step);
            std::visit(apply, step);
        });
}

void check_originals(const model::MergePlan& plan, const MergePlaces& places, const timespec& dance_started) {
    std::set<std::uint64_t> set;
    for (const model::LiveStep& step : plan.live)
        if (const auto* metadata = std::get_if<model::SetMetadata>(&step))
            set.insert(metadata->expected.inode);
    const LeaseSignalIgnored ignored;
    sys::in_parts(plan.live.size(), [&](std::size_t begin, std::size_t end) {
        MergePlaces own = places.another();
        Originals originals{set, own, dance_started};
        for (std::size_t i = begin; i < end; ++i)
            taking(plan.live[i], own, [&] {
                if (const auto* exchange = std::get_if<model::Exchange>(&plan.live[i]))
                    originals.check(own.place_of(exchange->from), exchange->expected, exchange->path);
                if (const auto* remove = std::get_if<model::Remove>(&plan.live[i]))
                    originals.check({own.staging(), remove->kept_as}, remove->expected, remove->path);
            });
    });
}

} // namespace disco::merge
