#include "runner/module/verdicts.hpp"

#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace disco::module {

Verdicts::Verdicts(const std::filesystem::path& state) : file_{state / "verdicts"} {
    const std::string text = sys::read_file_if_exists(file_).value_or(std::string{});
    for (const std::string_view line : sys::lines_of(text)) {
        constexpr std::size_t hash_length = 64;
        const std::size_t end = line.find(' ', hash_length + 1);
        if (line.size() <= hash_length || line[hash_length] != ' ' || end == std::string_view::npos) continue;
        verdicts_[std::string{line.substr(0, hash_length)}] = {
            std::string{line.substr(hash_length + 1, end - hash_length - 1)},
            std::string{line.substr(end + 1)}};
    }
}

bool Verdicts::simulate(const sys::Sha256Digest& script) const {
    return verdicts_.contains(sys::hex(script));
}

void Verdicts::remember(const sys::Sha256Digest& script, Verdict verdict) {
    if (verdicts_.size() >= limit) verdicts_.clear();
    std::replace(verdict.reason.begin(), verdict.reason.end(), '\n', ' ');
    verdicts_[sys::hex(script)] = std::move(verdict);
    changed_ = true;
}

void Verdicts::save() {
    if (!changed_) return;
    std::string text;
    for (const auto& [hash, verdict] : verdicts_)
        text += fmt::format("{} {} {}\n", hash, verdict.script, verdict.reason);
    sys::write_file_atomically(file_, text, 0600);
    changed_ = false;
}

void Verdicts::forget_all() {
    changed_ = changed_ || !verdicts_.empty();
    verdicts_.clear();
    save();
}

} // namespace disco::module
