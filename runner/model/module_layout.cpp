#include "runner/model/module_layout.hpp"

#include "runner/sys/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::model {
namespace {

constexpr std::array<std::string_view, 9> names = {"attributes",  "checks/",    "files/",
                                                   "parameters/", "requires",   "sandbox",
                                                   "scripts/",    "templates/", "triggers"};

std::string_view bare(std::string_view name) { return name.substr(0, name.find('/')); }

/// What is left of a name when case, a plural and an ending count for nothing.
std::string stem(std::string_view name) {
    std::string text = sys::lower_case(bare(name));
    for (const std::string_view ending : {".txt", ".conf", ".d"})
        if (text.ends_with(ending)) text.erase(text.size() - ending.size());
    if (text.ends_with('s')) text.pop_back();
    if (text == "sandboxe") return "sandbox";
    if (text == "param") return "parameter";
    return text;
}

struct Place {
    std::string_view path, why;
};
constexpr std::string_view of_the_boot =
    "/run is empty after each boot; let a line in files/etc/tmpfiles.d/NAME.conf make it, or a script";
constexpr std::string_view of_the_kernel =
    "what is there is the kernel's, not a file's; a script may ask for it";
constexpr std::array<Place, 7> places = {
    Place{"tmp",
          "/tmp is private to each module and discarded; put it below files/var/tmp, or make it in a script"},
    Place{"run", of_the_boot},
    Place{"var/run", of_the_boot},
    Place{"var/lock", of_the_boot},
    Place{"dev", of_the_kernel},
    Place{"proc", of_the_kernel},
    Place{"sys", "what is there are the kernel's settings; write files/etc/sysctl.d/NAME.conf or "
                 "files/etc/tmpfiles.d/NAME.conf"}};

} // namespace

ModuleName classify_module_name(std::string_view name) {
    if (std::any_of(names.begin(), names.end(), [&](std::string_view known) { return bare(known) == name; }))
        return ModuleName::known;
    if (name.starts_with('.') || name.ends_with('~')) return ModuleName::hidden;
    return meant_module_name(name).empty() ? ModuleName::of_no_use : ModuleName::misspelt;
}

std::string meant_module_name(std::string_view name) {
    const auto found = std::find_if(names.begin(), names.end(), [&](std::string_view known) {
        return bare(known) != name && stem(known) == stem(name);
    });
    return found == names.end() ? std::string{} : std::string{*found};
}

std::vector<std::string> known_module_names() {
    std::vector<std::string> known;
    for (const std::string_view name : names) known.emplace_back(bare(name));
    return known;
}

std::string module_names() { return fmt::format("{}", fmt::join(names, ", ")); }

std::optional<std::string> objection_to_place(std::string_view path) {
    for (const Place& place : places)
        if (sys::is_below(path, place.path)) return std::string{place.why};
    return std::nullopt;
}

} // namespace disco::model
