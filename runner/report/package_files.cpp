#include "runner/report/package_files.hpp"

#include "runner/sys/text.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace disco::report {

std::string_view package_of_entry(std::string_view file_name) {
    const std::size_t dot = file_name.rfind('.'); // "python3.11.list"
    return dot == std::string_view::npos ? std::string_view{} : file_name.substr(0, dot);
}

bool is_package_place(std::string_view path) {
    constexpr std::array<std::string_view, 7> others = {"/etc", "/home", "/root",     "/run",
                                                        "/srv", "/tmp",  "/usr/local"};
    return std::none_of(others.begin(), others.end(),
                        [&](std::string_view directory) { return sys::is_below(path, directory); });
}

void PackageFiles::add_list(std::string_view package, std::string text) {
    const std::size_t index = packages_.size();
    packages_.emplace_back(package);
    for (const std::string_view path : sys::lines_of(texts_.emplace_back(std::move(text))))
        if (is_package_place(path)) owners_.insert_or_assign(path, index);
}

std::string_view PackageFiles::listed_owner(std::string_view path) const {
    const auto found = owners_.find(path);
    return found == owners_.end() ? std::string_view{} : packages_[found->second];
}

std::string_view PackageFiles::owner_of(std::string_view path) const {
    if (!is_package_place(path)) return {};
    if (sys::is_below(path, package_lists)) return package_of_entry(path.substr(package_lists.size() + 1));
    if (const std::string_view owner = listed_owner(path); !owner.empty()) return owner;
    constexpr std::array<std::string_view, 6> merged = {"/bin",   "/sbin",  "/lib",
                                                        "/lib32", "/lib64", "/libx32"};
    constexpr std::string_view usr = "/usr";
    if (!sys::is_below(path, usr)) return {};
    const std::string_view rest = path.substr(usr.size());
    return std::any_of(merged.begin(), merged.end(),
                       [&](std::string_view top) { return sys::is_below(rest, top); })
               ? listed_owner(rest)
               : std::string_view{};
}

} // namespace disco::report
