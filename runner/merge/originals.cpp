#include "runner/merge/originals.hpp"

#include "runner/merge/live_check.hpp"
#include "runner/merge/step_errors.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/parts.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <exception>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace disco::merge {
namespace {

using Place = DirectoryCache::Place;

/// Originals that are no directories.
class Originals {
public:
    /// `set`: files whose metadata, with their times, was set by another name.
    Originals(const std::set<std::uint64_t>& set, MergePlaces places, const timespec& started)
        : set_{set}, places_{std::move(places)}, started_{started} {}

    void check(const model::PreparedStep& step) {
        taking(step, places_, [&] {
            if (const auto* exchange = std::get_if<model::PreparedExchange>(&step))
                check(places_.place_of(exchange->from), exchange->expected, exchange->path);
            if (const auto* remove = std::get_if<model::Remove>(&step))
                check({places_.staging(), remove->kept_as}, remove->expected, remove->path);
        });
    }

private:
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
        throw_if_any(find_changes(place, there, expected, places_.prefix(), path, started_));
    }

    /// A lease for reading is granted only where nobody has the file open for writing (fcntl(2), F_SETLEASE).
    /// Who opened a file by its name right before it was replaced is given a moment to write and close it;
    /// who holds it open for longer writes to what has no name any more, as with every replaced file.
    sys::UniqueFd without_writers(const Place& place) {
        constexpr useconds_t pause = 1000;
        sys::UniqueFd file;
        for (; patience_ > 0; --patience_) {
            // EAGAIN: who has it open for writing has a lease himself.
            if (!file)
                file = sys::UniqueFd{::openat(place.directory, place.name.c_str(),
                                              O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
            if (file && ::fcntl(file.get(), F_SETLEASE, F_RDLCK) == 0) break;
            if (errno != EAGAIN) break;
            ::usleep(pause);
        }
        return file;
    }

    const std::set<std::uint64_t>& set_;
    MergePlaces places_;
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

/// Files whose metadata is set by a step, with their times.
std::set<std::uint64_t> with_metadata_set(const model::PreparedPlan& plan) {
    std::set<std::uint64_t> inodes;
    for (const model::PreparedStep& step : plan.live)
        if (const auto* metadata = std::get_if<model::PreparedMetadata>(&step))
            inodes.insert(metadata->expected.inode);
    return inodes;
}

} // namespace

void check_originals(const model::PreparedPlan& plan, std::size_t first, const MergePlaces& places,
                     const timespec& dance_started) {
    const std::set<std::uint64_t> set = with_metadata_set(plan);
    const LeaseSignalIgnored ignored;
    sys::in_parts(plan.live.size() - first, [&](std::size_t begin, std::size_t end) {
        Originals originals{set, places.another(), dance_started};
        for (std::size_t i = first + begin; i < first + end; ++i) originals.check(plan.live[i]);
    });
}

class OriginalsBehind::Thread {
public:
    Thread(const model::PreparedPlan& plan, const MergePlaces& places, const timespec& started)
        : plan_{plan},
          set_{with_metadata_set(plan)},
          originals_{set_, places.another(), started},
          thread_{[this] { follow(); }} {}
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;
    ~Thread() { end(); }

    void taken(std::size_t steps) {
        taken_.store(steps, std::memory_order_release);
        if (steps % at_once == 0) taken_.notify_one();
        if (failed_.load(std::memory_order_relaxed)) (void)finish();
    }

    [[nodiscard]] std::size_t finish() {
        end();
        if (failure_) std::rethrow_exception(failure_);
        return checked_;
    }

private:
    void end() {
        if (!thread_.joinable()) return;
        taken_.store(no_more, std::memory_order_release);
        taken_.notify_one();
        thread_.join();
    }

    void follow() noexcept {
        try {
            for (std::size_t known = taken_.load(); known != no_more; known = taken_.load()) {
                for (; checked_ + behind <= known; ++checked_) originals_.check(plan_.live[checked_]);
                taken_.wait(known);
            }
        } catch (...) {
            failure_ = std::current_exception();
            failed_.store(true);
        }
    }

    static constexpr std::size_t behind = 512, at_once = 64, no_more = static_cast<std::size_t>(-1);

    const model::PreparedPlan& plan_;
    const std::set<std::uint64_t> set_;
    const LeaseSignalIgnored ignored_;
    Originals originals_;
    std::size_t checked_ = 0;    ///< of the thread, until it is joined
    std::exception_ptr failure_; ///< likewise
    std::atomic<std::size_t> taken_ = 0;
    std::atomic<bool> failed_ = false;
    std::thread thread_; ///< the last one: it uses the others
};

OriginalsBehind::OriginalsBehind(const model::PreparedPlan& plan, const MergePlaces& places,
                                 const timespec& dance_started) {
    if (plan.live.size() < sys::worth_a_thread || std::thread::hardware_concurrency() < 2) return;
    try {
        thread_ = std::make_unique<Thread>(plan, places, dance_started);
    } catch (const std::system_error&) { // no more threads for this user: all are looked at in the end
    }
}

OriginalsBehind::~OriginalsBehind() = default;

void OriginalsBehind::taken(std::size_t steps) {
    if (thread_) thread_->taken(steps);
}

std::size_t OriginalsBehind::finish() { return thread_ ? thread_->finish() : 0; }

} // namespace disco::merge
