#include "runner/module/shared_paths.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/unique_fd.hpp"

#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::module {
namespace {

namespace fs = std::filesystem;

/// Of relative paths; "" is the root.
std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string path_in(const std::string& directory, const std::string& name) {
    return directory.empty() ? name : directory + "/" + name;
}

template <class Value> bool differ(const std::optional<Value>& a, const std::optional<Value>& b) {
    return a && b && *a != *b;
}

/// In what two objects differ, for people; empty when in nothing.
std::string difference(const DeliveredObject& a, const DeliveredObject& b) {
    if (a.type != b.type)
        return fmt::format("as a {} and as a {}", model::to_string(a.type), model::to_string(b.type));
    std::vector<std::string> kinds;
    if (a.content != b.content)
        kinds.emplace_back(a.type == model::ObjectType::symlink ? "targets" : "contents");
    if (differ(a.mode, b.mode)) kinds.push_back(fmt::format("modes ({:04o} and {:04o})", *a.mode, *b.mode));
    if (differ(a.uid, b.uid)) kinds.emplace_back("owners");
    if (differ(a.gid, b.gid)) kinds.emplace_back("groups");
    return kinds.empty() ? "" : fmt::format("with different {}", fmt::join(kinds, ", "));
}

/// Of a descriptor; it ends in " (deleted)" when that has become of it (proc(5)).
std::string name_of(int fd) { return fs::read_symlink(fmt::format("/proc/self/fd/{}", fd)); }

/// Directories of a tree, without the links on the way to them.
class RealDirectories {
public:
    explicit RealDirectories(const fs::path& root) : root_{sys::open_directory(root)} {
        top_ = name_of(root_.get());
        if (top_ == "/") top_.clear();
    }

    /// "" is the root. What is not there yet will be in the directory that is named.
    const std::string& of(const std::string& directory, std::map<std::string, std::string>& known) const {
        if (const auto found = known.find(directory); found != known.end()) return found->second;
        std::string real;
        if (!directory.empty()) {
            const sys::UniqueFd fd = sys::try_open_in_root(root_.get(), directory, O_PATH | O_DIRECTORY);
            const std::string name = fd ? name_of(fd.get()) : "";
            if (name.starts_with(top_ + "/"))
                real = name.substr(top_.size() + 1);
            else
                real = path_in(of(parent_of(directory), known), directory.substr(directory.rfind('/') + 1));
        }
        return known.emplace(directory, real).first->second;
    }

private:
    sys::UniqueFd root_;
    std::string top_;
};

} // namespace

SharedPaths::SharedPaths(const std::map<std::string, ModuleContents>& modules, const fs::path& root) {
    const RealDirectories real_directories{root};
    std::map<std::string, std::string> first; // path → module
    for (const auto& [name, module] : modules)
        for (const auto* items : {&module.files, &module.templates})
            for (const Deliverable& item : *items) {
                (void)real_directories.of(parent_of(item.path), directories_);
                std::string path = real(item.path);
                if (first.emplace(path, name).first->second != name) shared_.insert(std::move(path));
            }
}

std::string SharedPaths::real(const std::string& path) const {
    const auto found = directories_.find(parent_of(path));
    return found == directories_.end() ? path : path_in(found->second, path.substr(path.rfind('/') + 1));
}

void SharedPaths::note(const std::string& path, const std::string& module, DeliveredObject object) {
    auto& delivered = delivered_[real(path)];
    for (const auto& [other, theirs] : delivered)
        if (const std::string how = other == module ? "" : difference(theirs, object); !how.empty())
            throw sys::Error{fmt::format(
                "modules '{}' ({}) and '{}' ({}) deliver {} {}: no dance could be in sync with both, "
                "so let one of them deliver it, or make them equal",
                other, theirs.in_module, module, object.in_module, sys::printable("/" + path), how)};
    delivered[module] = std::move(object);
}

} // namespace disco::module
