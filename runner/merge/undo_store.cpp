#include "runner/merge/undo_store.hpp"

#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

constexpr const char* removed_mark = "."; ///< begins the name of a run that is being removed

/// The second before which there is time.
std::string deadline_text(const timespec& since, std::chrono::seconds within) {
    return std::to_string(since.tv_sec + (since.tv_nsec != 0 ? 1 : 0) + within.count()) + "\n";
}

} // namespace

std::vector<std::string> UndoStore::directories() const {
    std::vector<std::string> names;
    if (!sys::stat_path(directory_)) return names;
    const sys::UniqueFd fd = sys::open_directory(directory_);
    for (sys::DirectoryEntry& entry : sys::list_directory(fd.get(), directory_))
        if (entry.type == DT_DIR) names.push_back(std::move(entry.name));
    return names;
}

std::vector<std::string> UndoStore::runs() const {
    std::vector<std::string> names = directories();
    std::erase_if(names, [](const std::string& name) { return name.starts_with(removed_mark); });
    return names;
}

std::vector<std::string> UndoStore::open_journals() const {
    std::vector<std::string> names = runs();
    std::erase_if(names, [&](const std::string& run) { return sys::stat_path(record(run)).has_value(); });
    return names;
}

std::vector<std::string> UndoStore::undoable() const {
    std::vector<std::string> names = runs();
    std::erase_if(names, [&](const std::string& run) {
        return !sys::stat_path(record(run)) || !sys::stat_path(of(run) / "data");
    });
    return names;
}

bool UndoStore::is_of_times(const std::string& run) const {
    return sys::stat_path(of(run) / "times").has_value();
}

std::string UndoStore::rolled_back_by(const std::string& run) const {
    return sys::read_line_if_exists(of(run) / "rolled-back");
}

std::vector<UndoStore::RollbackOf> UndoStore::rolled_back() const {
    std::vector<RollbackOf> all;
    for (std::string& run : runs())
        if (std::string by = rolled_back_by(run); !by.empty()) all.push_back({std::move(run), std::move(by)});
    std::sort(all.begin(), all.end(), [](const RollbackOf& a, const RollbackOf& b) { return a.by < b.by; });
    return all;
}

void UndoStore::begin(const std::string& run, std::size_t trees) const {
    sys::make_directories(directory_, 0700);
    for (std::size_t tree = 0; tree < trees; ++tree) sys::make_directories(tree_directory(run, tree), 0700);
    sys::sync_directory(directory_);
    sys::sync_directory(directory_.parent_path()); // it may be new itself
}

void UndoStore::await_confirmation(const std::string& run, const timespec& since,
                                   std::chrono::seconds within) const {
    sys::write_file_durably(confirm(run), deadline_text(since, within), 0600);
}

void UndoStore::change_time_to_confirm(const std::string& run, const timespec& since,
                                       std::chrono::seconds within) const {
    // The text is as long as the one before.
    const sys::UniqueFd fd{::open(confirm(run).c_str(), O_WRONLY | O_CLOEXEC)};
    if (!fd) throw sys::SysError{errno, "open", confirm(run)};
    sys::write_all(fd.get(), deadline_text(since, within), confirm(run));
    sys::check(::fdatasync(fd.get()), "sync", confirm(run));
}

void UndoStore::close_journal(const std::string& run, std::uint64_t bytes, bool times) const {
    if (times) sys::write_file(of(run) / "times", "", 0600);
    sys::write_file_atomically(of(run) / "size", std::to_string(bytes) + "\n", 0600);
    sys::rename_durably(journal(run), record(run));
}

void UndoStore::note_rolled_back(const std::string& run, const std::string& by) const {
    sys::write_file_durably(of(run) / "rolled-back", by + "\n", 0600);
    const std::filesystem::path data = of(run) / "data";
    if (!sys::stat_path(data)) return;
    const std::string going = removed_mark + run + ".data";
    sys::check(::rename(data.c_str(), (directory_ / going).c_str()), "move away", data);
    discard(going);
}

bool UndoStore::awaited_confirmation(const std::string& run) const {
    for (const char* name : {"confirm", "confirmed", "unconfirmed"})
        if (sys::stat_path(of(run) / name)) return true;
    return false;
}

void UndoStore::remove(const std::string& run) const {
    if (!sys::stat_path(of(run))) return;
    // What is left of a removal that was interrupted must not look as if it could be rolled back, nor as if
    // it were open.
    const std::string going = removed_mark + run;
    sys::rename_durably(of(run), directory_ / going);
    discard(going);
}

void UndoStore::finish_removals() const {
    for (const std::string& name : directories())
        if (name.starts_with(removed_mark)) discard(name);
}

void UndoStore::discard(const std::string& name) const {
    try {
        sys::remove_tree(directory_ / name);
    } catch (const sys::Interrupted&) {
        throw;
    } catch (const sys::Error& error) {
        spdlog::warn(
            "what is left of an earlier run in '{}' is not needed any more, and cannot be removed yet: "
            "{}; the next start of disco tries again",
            (directory_ / name).string(), error.full_text());
    }
}

std::vector<std::string> UndoStore::prune(const Limits& limits) const {
    const auto size_of = [&](const std::string& run) {
        return sys::number_in<std::uint64_t>(sys::read_line_if_exists(of(run) / "size")).value_or(0);
    };
    std::vector<std::string> names, of_times, removed;
    for (std::string& run : undoable()) (is_of_times(run) ? of_times : names).push_back(std::move(run));
    for (std::size_t i = 0; i + limits.runs < of_times.size(); ++i) {
        remove(of_times[i]);
        removed.push_back(of_times[i]);
    }
    const std::size_t removed_before = removed.size();
    std::uint64_t bytes = 0;
    for (const std::string& run : names) bytes += size_of(run);
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        if (names.size() - (removed.size() - removed_before) <= limits.runs && bytes <= limits.bytes) break;
        if (sys::stat_path(confirm(names[i]))) continue;
        bytes -= size_of(names[i]);
        remove(names[i]);
        removed.push_back(names[i]);
    }
    // That a run was rolled back is of interest as long as that can be undone.
    for (const std::string& run : runs())
        if (const std::string by = rolled_back_by(run); !by.empty() && !sys::stat_path(of(by))) remove(run);
    return removed;
}

} // namespace disco::merge
