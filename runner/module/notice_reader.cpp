#include "runner/module/notice_reader.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace disco::module {
namespace {

/// How long the "FILE: line N: " is with which a shell's message begins; 0 when this is none.
std::size_t prefix_size(std::string_view line) {
    constexpr std::string_view mark = ": line ";
    const std::size_t at = line.find(mark);
    if (at == std::string_view::npos) return 0;
    const std::size_t number = at + mark.size();
    const std::size_t end = line.find_first_not_of("0123456789", number);
    if (end == number || end == std::string_view::npos || !line.substr(end).starts_with(": ")) return 0;
    return end + 2;
}

/// What restricted bash refused, from its message (in the C locale): "10-x.sh: line 3: cd: restricted" gives
/// "cd".
std::optional<std::string_view> refusal(std::string_view message) {
    const std::size_t begin = prefix_size(message);
    if (begin == 0) return std::nullopt;
    const std::string_view rest = message.substr(begin);
    // "PATH: readonly variable", or with a builtin before it: "unset: PATH: cannot unset: readonly variable".
    constexpr std::string_view readonly = ": readonly variable";
    constexpr std::array<std::string_view, 4> fixed = {"PATH", "SHELL", "ENV", "BASH_ENV"};
    const std::size_t builtin = rest.find(": ");
    for (const std::string_view name : fixed)
        for (const std::string_view text : {rest, rest.substr(std::min(builtin + 2, rest.size()))})
            if (text.starts_with(name) && text.substr(name.size()).starts_with(": ") &&
                text.ends_with(readonly))
                return name;
    const std::size_t end = rest.find(": restricted");
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    const std::string_view tail = rest.substr(end + 12);
    if (!tail.empty() && !tail.starts_with(':')) return std::nullopt;
    return rest.substr(0, end);
}

} // namespace

void NoticeReader::feed(std::string_view bytes) {
    constexpr std::size_t longest_line = 65536; // a longer one is no notice
    for (;;) {
        const std::size_t end = bytes.find('\n');
        const std::string_view piece = bytes.substr(0, end);
        too_long_ = too_long_ || partial_.size() + piece.size() > longest_line;
        if (!too_long_) partial_ += piece;
        if (end == std::string_view::npos) return;
        if (!too_long_) read_line(partial_);
        partial_.clear();
        too_long_ = false;
        bytes.remove_prefix(end + 1);
    }
}

void NoticeReader::read_line(std::string_view line) {
    constexpr std::string_view would_execute = "warning: Would execute: ";
    constexpr std::string_view not_installed = "  # not installed here"; // see templates/prelude.bash
    if (line.starts_with(would_execute)) {
        std::string_view command = line.substr(would_execute.size());
        const std::string text = fmt::format("would execute: {}", sys::printable_text(command));
        if (command.ends_with(not_installed)) command.remove_suffix(not_installed.size());
        std::vector<std::string> argv;
        try {
            argv = sys::split_words(command);
        } catch (const sys::BadConfiguration&) {
            argv = {std::string{
                command}}; // a script printed the words itself, with an open quote: show it as it is
        }
        for (std::string& word : argv)
            if (!sys::is_utf8(word)) word = sys::printable(word); // JSON holds nothing else
        add({model::NoticeKind::would_execute, text, std::move(argv), step_});
    } else {
        read_refusal(line);
    }
}

void NoticeReader::read_refusal(std::string_view line) {
    constexpr std::size_t longest_message = 8192; // WHAT is a path, or there is more to say than a refusal
    if (prefix_size(line) > 0)
        message_ = line;
    else if (!message_.empty() && message_.size() + line.size() < longest_message)
        message_.append("\n").append(line);
    else
        message_.clear();
    if (!refusal(message_)) return;
    std::string shown = message_;
    std::replace(shown.begin(), shown.end(), '\n', ' ');
    add({model::NoticeKind::restricted,
         fmt::format("restricted shell refused: {}", sys::printable_text(shown)),
         {},
         step_});
    message_.clear();
}

void NoticeReader::add(model::Notice notice) {
    const bool known = std::any_of(notices_.begin(), notices_.end(),
                                   [&](const auto& old) { return old.text == notice.text; });
    if (!known && notices_.size() < limit) notices_.push_back(std::move(notice));
}

std::vector<model::Notice> NoticeReader::take() {
    if (!partial_.empty() && !too_long_) read_line(partial_);
    partial_.clear();
    too_long_ = false;
    return std::move(notices_);
}

} // namespace disco::module
