#include "runner/border/pending_mounts.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>
#include <string_view>

namespace disco::border {

void PendingMounts::note(const model::Action& action) {
    if (!model::any_named(action.effects.changes, {"mounts"})) return;
    const auto& words = action.effects.canonical;
    const bool plain = std::none_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "--fake" || word == "--move"; // what is moved is no longer where it was
    });
    if (action.covers.size() != 1 || !plain) { // umount, for one: which directories that is may not be said
        directories_.clear();
        return;
    }
    const std::string directory{sys::without_last_slashes(action.covers[0])};
    std::erase_if(directories_, [&](const std::string& each) { return sys::is_below(each, directory); });
    directories_.insert(directory);
}

std::optional<PendingAnswer> PendingMounts::answer(const PendingQuestion& question) const {
    const std::vector<std::string> operands = question.operands();
    if (question.words.empty() || question.words[0] != "mountpoint" || operands.size() != 1 ||
        question.has("--fs-devno") || question.has("--devno") ||
        !directories_.contains(std::string{sys::without_last_slashes(operands[0])}))
        return std::nullopt;
    return PendingAnswer{0, question.has("--quiet") ? "" : operands[0] + " is a mountpoint\n"};
}

} // namespace disco::border
