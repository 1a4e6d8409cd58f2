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
    return fmt::format("{}\n[… {} bytes left out …]\n{}", head_, dropped_ + excess, tail_.substr(excess));
}

} // namespace disco::sandbox
