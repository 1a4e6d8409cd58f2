#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace disco::tests {

/// The packages that are installed on this machine, as dpkg's database tells: a source of real packages for
/// tests that may not ask a network for them.
class InstalledPackages {
public:
    InstalledPackages();

    /// These packages and all that they need, as far as installed, and nothing else. Throws when one of them
    /// is not installed.
    [[nodiscard]] std::set<std::string> with_dependencies(const std::set<std::string>& names) const;
    /// What every Debian has: those marked essential.
    [[nodiscard]] std::set<std::string> essential() const;
    [[nodiscard]] bool has(const std::string& name) const { return fields_.contains(name); }
    /// A field of dpkg's database; empty when the package has none of that name.
    [[nodiscard]] std::string field(const std::string& name, const std::string& field) const;
    /// The package's part of dpkg's database, as it is there.
    [[nodiscard]] const std::string& text(const std::string& name) const { return texts_.at(name); }
    /// Its objects that are there, as relative paths; documentation and translations are left out.
    [[nodiscard]] std::vector<std::string> objects(const std::string& name) const;
    /// Its files below /var/lib/dpkg/info by their last part: "postinst", "conffiles", …
    [[nodiscard]] std::map<std::string, std::filesystem::path> info(const std::string& name) const;

private:
    [[nodiscard]] std::string provider(const std::string& name) const;
    std::map<std::string, std::map<std::string, std::string>> fields_;
    std::map<std::string, std::string> texts_;
    std::map<std::string, std::string> provided_by_;
};

/// Copies objects of this machine, given as paths relative to /, to the same places below `target`: without
/// what directories hold, and through the directory symlinks that are there.
void copy_objects(const std::vector<std::string>& objects, const std::filesystem::path& target);

} // namespace disco::tests
