#include "runner/border/called_commands.hpp"

#include <utility>

namespace disco::border {

void CalledCommands::note(pid_t process, CalledCommand command) {
    const std::scoped_lock lock{mutex_};
    entries_.insert_or_assign(process, Entry{std::move(command)});
}

std::optional<CalledCommand> CalledCommands::find(pid_t process) const {
    const std::scoped_lock lock{mutex_};
    const auto found = entries_.find(process);
    if (found == entries_.end()) return std::nullopt;
    return found->second.command;
}

void CalledCommands::let_run(pid_t process) {
    const std::scoped_lock lock{mutex_};
    if (const auto found = entries_.find(process); found != entries_.end()) found->second.may_run = true;
}

bool CalledCommands::take_run(pid_t process, const std::string& name) {
    const std::scoped_lock lock{mutex_};
    const auto found = entries_.find(process);
    if (found == entries_.end() || !found->second.may_run || found->second.command.name != name) return false;
    entries_.erase(found);
    return true;
}

} // namespace disco::border
