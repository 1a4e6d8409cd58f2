#include "runner/undo/recover.hpp"

#include "runner/run/runtime_files.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::undo {
namespace {

std::string described(const merge::RecoveryResult& recovered) {
    using Outcome = merge::RecoveryResult::Outcome;
    switch (recovered.outcome) {
    case Outcome::nothing_done:
        return fmt::format("run {} was interrupted before its merge; nothing had been changed",
                           recovered.run);
    case Outcome::completed:
        return fmt::format("run {} was interrupted after its merge, which is whole", recovered.run);
    case Outcome::not_kept:
        return fmt::format(
            "run {} was interrupted after its merge, which is whole, but cannot be rolled back",
            recovered.run);
    case Outcome::undone: break;
    }
    std::string text = fmt::format(
        "run {} was interrupted in its merge; everything it had changed was put back", recovered.run);
    if (!recovered.why.empty()) text += ": " + recovered.why;
    if (recovered.foreign.empty()) return text;
    text += ", but for what somebody else has changed since:";
    for (const std::string& line : recovered.foreign) text += "\n  " + line;
    return text + fmt::format("\n  It is kept in '{}'", recovered.kept_in.string());
}

} // namespace

RecoveredConfirmations recover(const run::StateDirectory& state) {
    run::remove_unplaced(state.unplaced());
    std::vector<std::string> lines;
    for (const merge::RecoveryResult& recovered : merge::recover_all(merge::UndoStore{state.undo()}))
        lines.push_back(described(recovered));
    RecoveredConfirmations recovered = recover_confirmations(state);
    recovered.lines.insert(recovered.lines.begin(), lines.begin(), lines.end());
    return recovered;
}

void recover_earlier_runs(const run::StateDirectory& state) {
    for (const std::string& line : recover(state).lines) spdlog::warn("{}", line);
}

std::vector<std::string> open_merges(const run::StateDirectory& state) {
    return merge::UndoStore{state.undo()}.open_journals();
}

} // namespace disco::undo
