#pragma once

#include "runner/module/module_contents.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

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
    explicit SharedPaths(const std::map<std::string, ModuleContents>& modules);

    /// Only of such a path is there anything to note: of those whose last name several modules deliver. Which
    /// directories are one, only the tree knows when its turn has come.
    [[nodiscard]] bool may_contain(std::string_view path) const;

    /// Notes what `module` is about to make of a path without links in it (a repetition replaces what it
    /// noted before). Throws sys::Error that names both modules when another one has made something else of
    /// it.
    void note(const std::string& path, const std::string& module, DeliveredObject object);

private:
    std::set<std::string, std::less<>> shared_names_;
    std::map<std::string, std::map<std::string, DeliveredObject>> delivered_; ///< path → module → what
};

} // namespace disco::module
