#include "runner/module/shared_paths.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::module {
namespace {

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

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

} // namespace

SharedPaths::SharedPaths(const std::map<std::string, ModuleContents>& modules) {
    std::map<std::string_view, std::string_view> first; // name → module
    for (const auto& [module, contents] : modules)
        for (const auto* items : {&contents.files, &contents.templates})
            for (const Deliverable& item : *items) {
                const std::string_view name = last_name(item.path);
                if (first.emplace(name, module).first->second != module) shared_names_.emplace(name);
            }
}

bool SharedPaths::may_contain(std::string_view path) const { return shared_names_.contains(last_name(path)); }

void SharedPaths::note(const std::string& path, const std::string& module, DeliveredObject object) {
    auto& delivered = delivered_[path];
    for (const auto& [other, theirs] : delivered)
        if (const std::string how = other == module ? "" : difference(theirs, object); !how.empty())
            throw sys::Error{fmt::format(
                "modules '{}' ({}) and '{}' ({}) deliver {} {}: no dance could be in sync with both, "
                "so let one of them deliver it, or make them equal",
                other, theirs.in_module, module, object.in_module, sys::printable("/" + path), how)};
    delivered[module] = std::move(object);
}

} // namespace disco::module
