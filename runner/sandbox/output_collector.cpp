#include "runner/sandbox/output_collector.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::sandbox {

void OutputCollector::append(std::string_view bytes) {
    const std::size_t room = head_limit - std::min(head_limit, head_.size());
    head_ += bytes.substr(0, room);
    bytes.remove_prefix(std::min(room, bytes.size()));
    tail_ += bytes;
    if (tail_.size() <= 2 * tail_limit) return;
    const std::size_t excess = tail_.size() - tail_limit;
    tail_.erase(0, excess);
    dropped_ += excess;
}

std::string OutputCollector::text() const {
    const std::size_t excess = tail_.size() - std::min(tail_limit, tail_.size());
    if (dropped_ + excess == 0) return head_ + tail_;
    // Whole lines: part of one may be part of a secret that is masked later.
    constexpr std::size_t longest_line = 8192;
    std::string_view head = head_, tail = std::string_view{tail_}.substr(excess);
    std::size_t left_out = dropped_ + excess;
    if (const std::size_t end = head.find_last_of("\r\n") + 1;
        end != 0 && head.size() - end <= longest_line) {
        left_out += head.size() - end;
        head = head.substr(0, end);
    }
    if (const std::size_t end = tail.find_first_of("\r\n") + 1; end != 0 && end <= longest_line) {
        left_out += end;
        tail.remove_prefix(end);
    }
    return fmt::format("{}{}[… {} bytes left out …]\n{}", head, head.ends_with('\n') ? "" : "\n", left_out,
                       tail);
}

} // namespace disco::sandbox
