#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

// What benchmarks have in common. Everything throws sys::Error.
namespace disco::bench {

struct Sample {
    double seconds = 0;
    long max_rss_kib = 0;
};
/// Runs a program with its output thrown away; throws when it fails.
Sample run(const std::vector<std::string>& words);

[[nodiscard]] double seconds_of(const std::function<void()>& work);
void put(const std::filesystem::path& path, std::string_view text, mode_t mode = 0644);

void print_heading();
/// Times two things in turn, so that what disturbs the machine disturbs both; prints the ratio of the
/// medians.
void compare(const std::string& what, const std::string& floor_name, const std::string& goal, int rounds,
             const std::function<double()>& work, const std::function<double()>& floor);

/// A root with bash in it: this machine's own programs, by links and copies of what they need.
void furnish(const std::filesystem::path& root);

} // namespace disco::bench
