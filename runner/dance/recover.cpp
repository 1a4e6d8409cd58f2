#include "runner/dance/recover.hpp"

#include "runner/dance/confirmation.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::dance {
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

std::vector<std::string> recover(const StateDirectory& state) {
    std::vector<std::string> lines;
    for (const merge::Settled& settled : merge::settle_all(merge::UndoStore{state.undo()}))
        lines.push_back(described(settled));
    for (std::string& line : resume_confirmations(state)) lines.push_back(std::move(line));
    return lines;
}

void settle_earlier_runs(const StateDirectory& state) {
    for (const std::string& line : recover(state)) spdlog::warn("{}", line);
}

} // namespace disco::dance
