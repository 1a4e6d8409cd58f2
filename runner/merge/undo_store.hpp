#pragma once

#include "runner/model/command_hint.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace disco::merge {

/// STATE/undo: what merges replaced, a directory for each run. It holds
///   journal      while the merge is not over: what was going to be done, and that it was
///   record       the same, when it is
///   data/N/      of the N-th managed mount: "layer", what the dance made, after the merge the originals in
///                its place and nothing else; "kept", what was removed, and originals that lay on another
///                file system
///   confirm      while the merge waits for confirmation: until when, in seconds of CLOCK_REALTIME
///   size         bytes that the originals in data take, as text
///   times        there, when all that was set is times
///   rolled-back  the run that undid this one; data has gone to that
class UndoStore {
public:
    explicit UndoStore(std::filesystem::path directory) : directory_{std::move(directory)} {}

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return directory_; }
    [[nodiscard]] std::filesystem::path of(const std::string& run) const { return directory_ / run; }
    [[nodiscard]] std::filesystem::path journal(const std::string& run) const { return of(run) / "journal"; }
    [[nodiscard]] std::filesystem::path record(const std::string& run) const { return of(run) / "record"; }
    [[nodiscard]] std::filesystem::path layer(const std::string& run, std::size_t tree) const {
        return tree_directory(run, tree) / "layer";
    }
    [[nodiscard]] std::filesystem::path kept(const std::string& run, std::size_t tree) const {
        return tree_directory(run, tree) / "kept";
    }

    /// See left_staging.hpp.
    [[nodiscard]] std::filesystem::path left_staging() const { return directory_ / "left"; }
    /// See TimesSet.
    [[nodiscard]] std::filesystem::path times() const { return directory_ / "times"; }
    [[nodiscard]] std::filesystem::path confirm(const std::string& run) const { return of(run) / "confirm"; }

    /// See model::command_hint.
    [[nodiscard]] std::string hint(std::string_view command) const {
        return model::command_hint(command, directory_.parent_path());
    }

    /// Runs whose merge was begun and neither finished nor taken back: a crash has left them. Oldest first,
    /// as all of these. Throws SysError.
    [[nodiscard]] std::vector<std::string> open_journals() const;
    /// Those that can be rolled back.
    [[nodiscard]] std::vector<std::string> undoable() const;
    /// Whether all that a run set is times: nobody means that when they want the last change back, and it
    /// takes no other run's place in the store.
    [[nodiscard]] bool is_of_times(const std::string& run) const;
    /// The run that undid this one; empty: none.
    [[nodiscard]] std::string rolled_back_by(const std::string& run) const;
    struct RollbackOf {
        std::string run, by;
    };
    /// All that were, in the order in which that was done.
    [[nodiscard]] std::vector<RollbackOf> rolled_back() const;

    /// Makes the directories of a run that is to be merged. Throws SysError.
    void begin(const std::string& run, std::size_t trees) const;
    /// Everything was merged: `journal` becomes `record`. `bytes`: of the originals.
    /// `times`: see is_of_times.
    void close_journal(const std::string& run, std::uint64_t bytes, bool times) const;
    /// The merge is to be undone unless it is confirmed within this time after `since`, of CLOCK_REALTIME; a
    /// second more rather than less. On disk when this returns.
    void await_confirmation(const std::string& run, const timespec& since, std::chrono::seconds within) const;
    /// Another time for one that waits, in the same file: whoever waits has a lock on it.
    void change_time_to_confirm(const std::string& run, const timespec& since,
                                std::chrono::seconds within) const;
    /// Whether it was, and what became of that.
    [[nodiscard]] bool awaited_confirmation(const std::string& run) const;
    void note_rolled_back(const std::string& run, const std::string& by) const;
    /// At once, whenever it is interrupted: what then remains of its files is for `finish_removals`. So is,
    /// with a warning, what somebody else keeps from being removed: he may have had it open when it was
    /// taken.
    void remove(const std::string& run) const;
    void finish_removals() const;

    struct Limits {
        std::size_t runs = 5;
        std::uint64_t bytes = std::uint64_t{1} << 30; ///< of all together
    };
    /// Removes the oldest until the rest is within the limits. The newest stays if it is the only one,
    /// whatever its size. Runs that wait for confirmation stay. The names of what was removed. Throws
    /// SysError.
    std::vector<std::string> prune(const Limits& limits) const;

private:
    [[nodiscard]] std::filesystem::path tree_directory(const std::string& run, std::size_t tree) const {
        return of(run) / "data" / std::to_string(tree);
    }
    /// What is of no use any more; no error stops anybody. `name`: begins as what `finish_removals` removes.
    void discard(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> directories() const;
    [[nodiscard]] std::vector<std::string> runs() const;

    std::filesystem::path directory_;
};

} // namespace disco::merge
