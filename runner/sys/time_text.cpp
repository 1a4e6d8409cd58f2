#include "runner/sys/time_text.hpp"

#include "runner/sys/text_number.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace disco::sys {
namespace {

constexpr long minute = 60, hour = 60 * minute, day = 24 * hour, week = 7 * day;

/// strptime(3) of the whole text.
std::optional<std::tm> parsed(const std::string& text, const char* format) {
    std::tm parts = {};
    const char* end = ::strptime(text.c_str(), format, &parts);
    if (end == nullptr || *end != '\0') return std::nullopt;
    return parts;
}

std::string text_of(const std::tm& parts) {
    std::array<char, 32> text = {};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    return {text.data(), size};
}

std::optional<long> age(std::string_view text) {
    constexpr std::array<std::pair<char, long>, 5> units = {
        {{'s', 1}, {'m', minute}, {'h', hour}, {'d', day}, {'w', week}}};
    if (text.empty()) return std::nullopt;
    for (const auto& [letter, seconds] : units) {
        if (text.back() != letter) continue;
        const auto count = number_in<std::uint32_t>(text.substr(0, text.size() - 1));
        if (count) return static_cast<long>(*count) * seconds;
    }
    return std::nullopt;
}

} // namespace

std::string duration_in_words(double seconds) {
    if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
    if (seconds < 99.95) return fmt::format("{:.1f} s", seconds);
    const long whole = static_cast<long>(seconds + 0.5);
    if (whole < hour) return fmt::format("{} min {} s", whole / minute, whole % minute);
    if (whole < 2 * day) return fmt::format("{} h {} min", whole / hour, whole % hour / minute);
    return fmt::format("{} days", whole / day);
}

std::string local_time(std::time_t moment) {
    std::tm parts = {};
    ::localtime_r(&moment, &parts);
    return text_of(parts);
}

std::string utc_time(std::time_t moment) {
    std::tm parts = {};
    ::gmtime_r(&moment, &parts);
    return text_of(parts);
}

std::time_t moment_of_timestamp(const std::string& text) {
    auto parts = parsed(text, "%Y-%m-%dT%H:%M:%SZ");
    return parts ? ::timegm(&*parts) : -1;
}

std::time_t moment_meant(std::string_view text, std::time_t now) {
    if (const auto seconds = age(text)) return now - *seconds;
    const bool utc = text.ends_with('Z');
    const std::string date{utc ? text.substr(0, text.size() - 1) : text};
    for (const char* format :
         {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"})
        if (auto parts = parsed(date, format)) {
            parts->tm_isdst = -1; // mktime(3) finds out
            return utc ? ::timegm(&*parts) : std::mktime(&*parts);
        }
    return -1;
}

} // namespace disco::sys
