#include "runner/border/pending_host_name.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

namespace disco::border {
namespace {

using Words = std::vector<std::string>;

/// A name that hostnamed and the kernel keep as it is.
bool is_plain_name(std::string_view name) {
    constexpr std::size_t longest = 64; // HOST_NAME_MAX
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    return !name.empty() && name.size() <= longest &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos &&
           letters.find(name.front()) != std::string_view::npos &&
           letters.find(name.back()) != std::string_view::npos && name.find("..") == std::string_view::npos;
}

} // namespace

void PendingHostName::note(const model::ActionEffects& effects) {
    // Other things that hostnamed knows are by their names.
    const bool changes =
        std::any_of(effects.changes.begin(), effects.changes.end(), [](const model::Subject& subject) {
            return subject.name == "hostname" && subject.objects.empty();
        });
    if (!changes) return;
    kernels_ = files_ = std::nullopt;
    const Words& words = effects.canonical;
    if (words.empty() || !is_plain_name(words.back())) return;
    const std::string& name = words.back();
    const bool sets_all = words == Words{"hostnamectl", "set-hostname", "--", name} ||
                          words == Words{"hostnamectl", "hostname", "--", name};
    if (sets_all || words == Words{"hostname", "--", name}) kernels_ = name;
    if (sets_all) files_ = name;
}

std::optional<PendingAnswer> PendingHostName::answer(const PendingQuestion& question) const {
    const Words& words = question.words;
    if (kernels_ && words == Words{"hostname"}) return PendingAnswer{0, *kernels_ + "\n"};
    if (kernels_ && (words == Words{"hostname", "-s"} || words == Words{"hostname", "--short"}))
        return PendingAnswer{0, kernels_->substr(0, kernels_->find('.')) + "\n"};
    if (files_ && (words == Words{"hostnamectl", "hostname"} || words == Words{"hostnamectl", "--static"} ||
                   words == Words{"hostnamectl", "--static", "hostname"}))
        return PendingAnswer{0, *files_ + "\n"};
    return std::nullopt;
}

} // namespace disco::border
