#pragma once

#include "runner/model/run_report.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

// What dpkg's data base says of the packages of a tree (dpkg(1), deb-control(5)). Pure.
namespace disco::report {

/// Where dpkg keeps it, in any tree.
inline constexpr std::string_view package_status = "/var/lib/dpkg/status";

struct PackageStates {
    /// Of those that are installed, also half-way, by the names that their lists have: "libc6:amd64".
    std::map<std::string, std::string, std::less<>> versions;
    std::map<std::string, std::string, std::less<>> conffiles; ///< path → MD5 as it was shipped, in hex
    std::map<std::string, std::string, std::less<>> owners;    ///< path of a conffile → package
};
/// What it does not understand it leaves out: a script may have made anything of the file.
[[nodiscard]] PackageStates read_package_states(std::string_view status);

/// Sorted by name.
[[nodiscard]] std::vector<model::PackageChange> changed_packages(const PackageStates& before,
                                                                 const PackageStates& after);

/// Less than, equal to or greater than 0, as `a` is older than `b`, the same or newer: by the rules of
/// deb-version(7).
[[nodiscard]] int compare_versions(std::string_view a, std::string_view b);

} // namespace disco::report
