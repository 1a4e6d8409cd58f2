#pragma once

#include <ctime>
#include <string>
#include <string_view>

// Moments and durations, for people and from people.
namespace disco::sys {

/// "38 ms", "2.3 s", "4 min 10 s", "3 h 5 min", "12 days". Pure.
[[nodiscard]] std::string duration_in_words(double seconds);

/// "2026-11-30 14:05:10", in the machine's time zone.
[[nodiscard]] std::string local_time(std::time_t moment);

/// The same in UTC.
[[nodiscard]] std::string utc_time(std::time_t moment);

/// Of RFC 3339 in UTC, to the second ("2026-11-30T14:05:10Z"); -1 when it is something else. Pure.
[[nodiscard]] std::time_t moment_of_timestamp(const std::string& text);

/// The moment that a person means: how long before `now` ("90s", "30m", "12h", "7d", "2w"), or a date with or
/// without a time, in the machine's time zone ("2026-11-30", "2026-11-30 14:05", "2026-11-30T14:05:10"), or
/// in UTC with a Z at the end. -1 when it is none of these.
[[nodiscard]] std::time_t moment_meant(std::string_view text, std::time_t now);

} // namespace disco::sys
