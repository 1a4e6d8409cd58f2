#pragma once

#include "runner/module/module_contents.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

namespace disco::module {

/// What a module makes of a path that it delivers; what it leaves as it is, is absent.
struct DeliveredObject {
    std::string in_module; ///< "files/etc/nginx/nginx.conf"
    model::ObjectType type = model::ObjectType::file;
    std::string content; ///< the digest of a file, the target of a symlink, empty for a directory
    std::optional<mode_t> mode;
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
};

/// The paths that several modules of a dance deliver. When they make different things of one, each dance
/// would change it as often as there are modules, and never be in sync. "bin/x" and "usr/bin/x" are one path
/// where /bin is a link to the other.
class SharedPaths {
public:
    SharedPaths() = default;
    /// `root`: the tree as it is before the dance. Throws SysError when it cannot be read.
    SharedPaths(const std::map<std::string, ModuleContents>& modules, const std::filesystem::path& root);

    /// Only of such a path is there anything to note.
    [[nodiscard]] bool contains(const std::string& path) const { return shared_.contains(real(path)); }

    /// Notes what `module` is about to make of a path (a repetition replaces what it noted before). Throws
    /// sys::Error that names both modules when another one has made something else of it.
    void note(const std::string& path, const std::string& module, DeliveredObject object);

private:
    /// Without the links among its directories.
    [[nodiscard]] std::string real(const std::string& path) const;

    std::map<std::string, std::string> directories_; ///< of the paths, as named → without links
    std::set<std::string> shared_;                   ///< without links
    std::map<std::string, std::map<std::string, DeliveredObject>> delivered_; ///< such a path → module → what
};

} // namespace disco::module
