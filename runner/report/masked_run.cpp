#include "runner/report/masked_run.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace disco::report {
namespace {

void mask_in(std::string& text, const model::SecretMask& mask) { text = mask.masked(text); }

/// A shell's editor of lines goes on in the next line of the terminal, where a long one was broken.
std::string without_line_ends(std::string_view text) {
    std::string line;
    for (const char c : text)
        if (c != '\r' && c != '\n' && c != ' ') line += c;
    return line;
}

/// An attribute's value that cannot all be read is recorded in hexadecimal: see RecordedState.
bool hides_secret(std::string_view value, const model::SecretMask& mask) {
    if (!value.starts_with("0x")) return false;
    std::string bytes;
    for (std::size_t at = 2; at + 1 < value.size(); at += 2)
        bytes += static_cast<char>(std::stoi(std::string{value.substr(at, 2)}, nullptr, 16));
    return mask.masked(bytes) != bytes;
}

void mask_in(std::optional<RecordedState>& state, const model::SecretMask& mask) {
    if (!state) return;
    if (state->target) mask_in(*state->target, mask);
    if (state->linked_to) mask_in(*state->linked_to, mask);
    for (auto& [name, value] : state->xattrs) {
        mask_in(name, mask);
        value =
            hides_secret(value, mask) ? std::string{model::SecretMask::in_place} : mask.masked_content(value);
    }
}

void mask_in(model::Step& step, const model::SecretMask& mask) {
    mask_in(step.name, mask); // of an action and of `disco exec` the command
    const bool wrapped =
        step.phase == model::Phase::shell && mask.hides_more(without_line_ends(step.output), step.output);
    step.output = wrapped ? std::string{model::SecretMask::in_place} : mask.masked_content(step.output);
}

void mask_in(model::PackageChange& package, const model::SecretMask& mask) {
    mask_in(package.name, mask);
    mask_in(package.before, mask);
    mask_in(package.after, mask);
}

} // namespace

model::ModuleReport masked(model::ModuleReport module, const model::SecretMask& mask) {
    mask_in(module.reason, mask);
    for (model::Step& step : module.steps) mask_in(step, mask);
    for (model::Notice& notice : module.notices) {
        mask_in(notice.text, mask);
        notice.argv = mask.masked(notice.argv);
        mask_in(notice.step, mask);
    }
    for (model::Action& action : module.actions) action.argv = mask.masked(action.argv);
    for (model::PackageChange& package : module.packages) mask_in(package, mask);
    return module;
}

RecordedChange masked(RecordedChange change, const model::SecretMask& mask) {
    mask_in(change.path, mask);
    mask_in(change.package, mask);
    mask_in(change.before, mask);
    mask_in(change.after, mask);
    change.diff = change.redacted ? std::string{} : mask.masked_diff(change.diff);
    return change;
}

MaskedRun::MaskedRun(const model::RunReport& run, const model::SecretMask& mask) : run_{run} {
    if (mask.empty()) return;
    model::RunReport& copy = copy_.emplace(run);
    mask_in(copy.failure, mask);
    for (model::Step& step : copy.metrics) mask_in(step, mask);
    for (model::ModuleReport& module : copy.modules) module = masked(std::move(module), mask);
    for (model::Conflict& conflict : copy.merge.conflicts) {
        conflict.path = mask.masked(conflict.path);
        mask_in(conflict.found, mask);
    }
    for (std::string& path : copy.merge.kept) path = mask.masked(path);
}

} // namespace disco::report
