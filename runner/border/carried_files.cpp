#include "runner/border/carried_files.hpp"
#include "runner/sys/text.hpp"

#include "runner/model/view_layout.hpp"
namespace disco::border {

bool is_carried_over(std::string_view path, model::ObjectType type) {
    using model::ObjectType;
    if (type != ObjectType::directory && type != ObjectType::symlink && type != ObjectType::file)
        return false;
    for (const char* directory :
         {"/run/lock", model::view_layout::directory, model::view_layout::broker_directory})
        if (sys::is_at_or_below(path, directory)) return false;
    return type == ObjectType::directory || (!path.ends_with(".pid") && !path.ends_with(".lock"));
}

} // namespace disco::border
