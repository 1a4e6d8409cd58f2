#include "runner/merge/apply_steps.hpp"

#include "runner/merge/live_check.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

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

class Apply {
public:
    Apply(MergePlaces& places, const timespec& started) : places_{places}, started_{started} {}

    void operator()(const model::PutNew& step) {
        rename_object(places_.place_of(step.from), places_.live().parent_of(step.path), RENAME_NOREPLACE);
    }
    void operator()(const model::Exchange& step) {
        const Place from = places_.place_of(step.from);
        rename_object(from, places_.live().parent_of(step.path), RENAME_EXCHANGE);
        const bool directory = S_ISDIR(step.expected.mode);
        if (directory) places_.reset(); // what was open below may be the old directory
        expect(find_changes(directory ? places_.place_of(step.from) : from, step.expected, places_.prefix(),
                            step.path, started_));
    }
    void operator()(const model::Remove& step) {
        const Place to = {places_.staging(), step.kept_as};
        rename_object(places_.live().parent_of(step.path), to, RENAME_NOREPLACE);
        if (S_ISDIR(step.expected.mode)) places_.reset();
        expect(find_changes(to, step.expected, places_.prefix(), step.path, started_));
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
    static void expect(const std::vector<model::Conflict>& conflicts) {
        if (conflicts.empty()) return;
        throw sys::Error{
            fmt::format("somebody else changed it at the last moment: {}", conflicts.front().found)};
    }

    MergePlaces& places_;
    const timespec& started_;
};

/// A lease for reading is granted only where nobody has the file open for writing (fcntl(2), F_SETLEASE).
bool is_open_for_writing(const Place& place) {
    const sys::UniqueFd file{
        ::openat(place.directory, place.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
    if (!file) return false;
    // Somebody who opens it by another name meanwhile has us told; by default that would be the end.
    if (::fcntl(file.get(), F_SETSIG, SIGURG) != 0) return false;
    if (::fcntl(file.get(), F_SETLEASE, F_RDLCK) == 0) {
        ::fcntl(file.get(), F_SETLEASE, F_UNLCK);
        return false;
    }
    return errno == EAGAIN;
}

} // namespace

void apply_steps(const model::MergePlan& plan, MergePlaces& places, const timespec& dance_started) {
    Apply apply{places, dance_started};
    for (const model::LiveStep& step : plan.live) {
        try {
            apply.look_before(step);
            std::visit(apply, step);
        } catch (sys::Error& error) { // the text is not made for every step
            error.add_context("merging: " + model::describe(step, places.prefix()));
            throw;
        }
    }
}

void check_originals(const model::MergePlan& plan, MergePlaces& places) {
    // Who opened a file by its name right before it was replaced is given a moment to write and close it; who
    // holds it open for longer writes to what has no name any more, as with every replaced file.
    constexpr useconds_t pause = 1000;
    int patience = 200;
    std::set<std::uint64_t> set; // files whose metadata, with their times, was set by another name
    for (const model::LiveStep& step : plan.live)
        if (const auto* metadata = std::get_if<model::SetMetadata>(&step))
            set.insert(metadata->expected.inode);
    for (const model::LiveStep& step : plan.live) {
        const auto look = [&](const Place& place, const model::Stamp& expected) {
            if (!S_ISREG(expected.mode) || set.contains(expected.inode)) return;
            for (; patience > 0 && is_open_for_writing(place); --patience) ::usleep(pause);
            const auto status = sys::stat_at(place.directory, place.name);
            if (!status) throw sys::SysError{ENOENT, "look at the original of", model::path_of(step)};
            const model::Stamp now = model::stamp(*status);
            if (now.size == expected.size && now.mtime.tv_sec == expected.mtime.tv_sec &&
                now.mtime.tv_nsec == expected.mtime.tv_nsec)
                return;
            throw sys::Error{
                fmt::format("merging: {}: somebody else had the file open and wrote to it during the merge",
                            model::describe(step, places.prefix()))};
        };
        if (const auto* exchange = std::get_if<model::Exchange>(&step))
            look(places.place_of(exchange->from), exchange->expected);
        if (const auto* remove = std::get_if<model::Remove>(&step))
            look({places.staging(), remove->kept_as}, remove->expected);
    }
}

} // namespace disco::merge
