#pragma once

#include "tests/support/debian_packages.hpp"

#include <filesystem>
#include <set>
#include <string>

namespace disco::tests {

/// A Debian root tree with the essential packages, apt, procps and a small Python: the files are this
/// machine's, the users, passwords and settings a fresh system's. No service is started in it (policy-rc.d),
/// and apt knows of one repository, `apt_source` as in sources.list(5). Returns the packages that are
/// installed in it. Needs root.
std::set<std::string> make_debian_root(const InstalledPackages& installed, const std::filesystem::path& root,
                                       const std::string& apt_source);

/// A repository for apt: the packages, made again from what is installed here, with their maintainers'
/// scripts.
void make_package_repository(const InstalledPackages& installed, const std::set<std::string>& names,
                             const std::filesystem::path& directory);

} // namespace disco::tests
