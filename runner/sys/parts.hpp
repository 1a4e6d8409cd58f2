#pragma once

#include <cstddef>
#include <functional>

namespace disco::sys {

/// Things to be done, a few system calls each, that take as long as the starts of some threads.
constexpr std::size_t worth_a_thread = 2000;

/// Calls `work(begin, end)` for parts that together are [0, `count`): for few, once; for thousands, in as
/// many threads as there are processors (eight at most), and returns when all have ended. Throws what the
/// first of the parts has thrown that threw, in their order.
void in_parts(std::size_t count, const std::function<void(std::size_t begin, std::size_t end)>& work);

/// Does both, for thousands of things at the same time, for few one after the other, and returns when both
/// have ended. Throws what `first` has thrown, else what `second` has; with few things, `second` is then not
/// begun.
void side_by_side(std::size_t count, const std::function<void()>& first, const std::function<void()>& second);

} // namespace disco::sys
