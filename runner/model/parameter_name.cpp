#include "runner/model/parameter_name.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace disco::model {
namespace {

constexpr std::size_t longest_component = 255; // NAME_MAX: every component becomes a file's name
constexpr std::size_t longest_name = 1024;

bool is_name_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

/// What is wrong with one component; empty when nothing is.
std::string component_fault(std::string_view component) {
    if (component.empty()) return "a part of it is empty";
    if (component == "." || component == "..") return fmt::format("'{}' is not allowed in it", component);
    if (component.size() > longest_component)
        return fmt::format("a part is longer than {} bytes", longest_component);
    const auto bad = std::find_if_not(component.begin(), component.end(), is_name_character);
    if (bad == component.end()) return {};
    return fmt::format("it holds '{}', but only A-Z a-z 0-9 _ . - are allowed",
                       sys::printable(std::string_view{&*bad, 1}));
}

} // namespace

std::string parameter_name_fault(std::string_view name) {
    if (name.empty()) return "it is empty";
    if (name.front() == '/') return "it is absolute; leave out the leading '/'";
    if (name.size() > longest_name) return fmt::format("it is longer than {} bytes", longest_name);
    for (std::size_t start = 0; start <= name.size();) {
        const std::size_t end = std::min(name.find('/', start), name.size());
        if (std::string fault = component_fault(name.substr(start, end - start)); !fault.empty())
            return fault;
        start = end + 1;
    }
    return {};
}

void check_parameter_name(std::string_view name) {
    if (const std::string fault = parameter_name_fault(name); !fault.empty())
        throw sys::BadConfiguration{fmt::format("bad parameter name '{}': {}", sys::printable(name), fault)};
}

void check_component_name(std::string_view name, std::string_view what) {
    std::string fault = name.empty() ? "it is empty" : component_fault(name);
    // A leading dot is the store's own, a leading dash would be read as an option.
    if (fault.empty() && (name.front() == '.' || name.front() == '-'))
        fault = fmt::format("it begins with '{}'", name.front());
    if (!fault.empty())
        throw sys::BadConfiguration{fmt::format("bad {} name '{}': {}", what, sys::printable(name), fault)};
}

} // namespace disco::model
