#include "runner/model/requirement_graph.hpp"

#include <algorithm>
#include <cstddef>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::model {
namespace {

/// As dot reads it back: the name, whatever is in it.
std::string quoted(const std::string& name) {
    std::string text = "\"";
    for (const char c : name) {
        if (c == '"' || c == '\\') text += '\\';
        text += c == '\n' ? ' ' : c;
    }
    return text + '"';
}

std::string reason(const OrderedModule& module) {
    std::string text;
    if (!module.is_wanted && !module.required_by.empty())
        text = fmt::format("required by {}", fmt::join(module.required_by, ", "));
    if (!module.after.empty())
        text += fmt::format("{}after {}", text.empty() ? "" : "; ", fmt::join(module.after, ", "));
    return text;
}

} // namespace

std::vector<OrderedModule> explain_order(const std::vector<std::string>& order, const RequirementTable& table,
                                         const std::set<std::string>& wanted) {
    std::map<std::string, std::set<std::string>> after, required_by;
    for (const std::string& name : order) {
        const auto found = table.find(name);
        if (found == table.end()) continue;
        for (const std::string& earlier : found->second.after) {
            after[name].insert(earlier);
            required_by[earlier].insert(name);
        }
        for (const std::string& later : found->second.before) {
            after[later].insert(name);
            required_by[later].insert(name);
        }
    }
    std::vector<OrderedModule> modules;
    for (const std::string& name : order)
        modules.push_back({name,
                           wanted.contains(name),
                           {after[name].begin(), after[name].end()},
                           {required_by[name].begin(), required_by[name].end()}});
    return modules;
}

std::string order_in_words(const std::vector<OrderedModule>& modules) {
    std::size_t width = 0;
    for (const OrderedModule& one : modules) width = std::max(width, one.name.size());
    const std::size_t digits = std::to_string(modules.size()).size();
    std::string text;
    for (std::size_t i = 0; i < modules.size(); ++i) {
        std::string line =
            fmt::format("{:>{}}  {:<{}}  {}", i + 1, digits, modules[i].name, width, reason(modules[i]));
        line.resize(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

std::string order_as_dot(const std::vector<OrderedModule>& modules, const std::string& title) {
    std::string text = fmt::format("digraph {} {{\n    rankdir=LR;\n    node [shape=box];\n", quoted(title));
    for (const OrderedModule& one : modules)
        text += fmt::format("    {}{};\n", quoted(one.name), one.is_wanted ? "" : " [style=dashed]");
    for (const OrderedModule& one : modules)
        for (const std::string& earlier : one.after)
            text += fmt::format("    {} -> {};\n", quoted(earlier), quoted(one.name));
    return text + "}\n";
}

} // namespace disco::model
