#include "runner/undo/recover.hpp"

#include "runner/run/runtime_files.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::undo {
namespace {

std::string described(const merge::Settled& settled) {
    using What = merge::Settled::What;
    switch (settled.what) {
    case What::nothing_done:
        return fmt::format("run {} was interrupted before its merge; nothing had been changed", settled.run);
    case What::completed:
        return fmt::format("run {} was interrupted after its merge, which is whole", settled.run);
    case What::not_kept:
        return fmt::format(
            "run {} was interrupted after its merge, which is whole, but cannot be rolled back", settled.run);
    case What::undone: break;
    }
    std::string text = fmt::format(
        "run {} was interrupted in its merge; everything it had changed was put back", settled.run);
    if (settled.foreign.empty()) return text;
    text += ", but for what somebody else has changed since:";
    for (const std::string& line : settled.foreign) text += "\n  " + line;
    return text + fmt::format("\n  It is kept in '{}'", settled.kept_in.string());
}

} // namespace

Resumed recover(const run::StateDirectory& state) {
    run::remove_unplaced(state.unplaced());
    std::vector<std::string> lines;
    for (const merge::Settled& settled : merge::settle_all(merge::UndoStore{state.undo()}))
        lines.push_back(described(settled));
    Resumed resumed = resume_confirmations(state);
    resumed.lines.insert(resumed.lines.begin(), lines.begin(), lines.end());
    return resumed;
}

void settle_earlier_runs(const run::StateDirectory& state) {
    for (const std::string& line : recover(state).lines) spdlog::warn("{}", line);
}

} // namespace disco::undo
