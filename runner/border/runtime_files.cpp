#include "runner/border/runtime_files.hpp"

namespace disco::border {
namespace {

bool is_at_or_below(std::string_view path, std::string_view directory) {
    return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

} // namespace

bool is_carried_over(std::string_view path, model::ObjectType type) {
    using model::ObjectType;
    if (type != ObjectType::directory && type != ObjectType::symlink && type != ObjectType::file)
        return false;
    for (const std::string_view directory : {"/run/lock", "/run/disco", "/run/disco-broker"})
        if (is_at_or_below(path, directory)) return false;
    return type == ObjectType::directory || (!path.ends_with(".pid") && !path.ends_with(".lock"));
}

} // namespace disco::border
