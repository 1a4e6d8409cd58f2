#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

namespace disco::fetch {

/// What a node's last complete fetch brought.
struct FetchRecord {
    std::string server;               ///< the URI
    std::set<std::string> parameters; ///< directories of parameters/: the node and what it inherits
    std::set<std::string> modules;
    bool operator==(const FetchRecord&) const = default;
};

/// The last good copy of the universe, in STATE/modules: one directory per module, and, under names that no
/// module can have, the parameters of each node as the server has them and the record of the fetch.
class ModuleStore {
public:
    explicit ModuleStore(const std::filesystem::path& state) : modules_{state / "modules"} {}

    [[nodiscard]] const std::filesystem::path& modules() const noexcept { return modules_; }
    [[nodiscard]] std::filesystem::path module(const std::string& name) const { return modules_ / name; }
    /// A piece of the server's parameters/: the node's directory and those it inherits.
    [[nodiscard]] std::filesystem::path parameters(const std::string& node) const;

    /// Nothing when there is none, or none that this program can read.
    [[nodiscard]] std::optional<FetchRecord> record(const std::string& node) const;
    void write_record(const std::string& node, const FetchRecord& record) const;

    /// Makes the directories of the store, closed to others.
    void prepare() const;

    /// Puts `staged` in the place of `target`; what was there is then at `staged`. One atomic rename, so a
    /// reader finds the old or the new one whole. Both must be on one file system.
    static void swap_in(const std::filesystem::path& staged, const std::filesystem::path& target);

private:
    std::filesystem::path modules_;
};

} // namespace disco::fetch
