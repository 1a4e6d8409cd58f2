#include "runner/lint/node_check.hpp"

#include "runner/model/parameter_name.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace disco::lint {
namespace {

using Roots = std::map<std::string, ParameterRoot>;

/// Whether one name is a value here and a tree there, anywhere in the universe: most have none, and need not
/// be looked at node by node.
class Kinds {
public:
    void add(const fetch::ParameterTree& tree) {
        for (const auto& [name, value] : tree)
            if (!is_value_.try_emplace(name, value.has_value()).second &&
                is_value_[name] != value.has_value())
                differ_ = true;
    }
    [[nodiscard]] bool differ() const { return differ_; }

private:
    std::map<std::string, bool> is_value_;
    bool differ_ = false;
};

} // namespace

std::vector<std::string> inheritance_of(const std::string& node, const Roots& roots) {
    std::vector<std::string> order;
    std::set<std::string> seen;
    struct Level {
        const std::string* name;
        std::size_t next = 0;
    };
    std::vector<Level> levels;
    const auto enter = [&](const std::string& name) {
        const auto found = roots.find(name);
        if (found != roots.end() && seen.insert(name).second) levels.push_back({&found->first, 0});
    };
    enter(node);
    while (!levels.empty()) {
        const auto& inherits = roots.at(*levels.back().name).inherits;
        if (levels.back().next < inherits.size()) {
            enter(inherits[levels.back().next++]);
            continue;
        }
        order.push_back(*levels.back().name);
        levels.pop_back();
    }
    return order;
}

std::map<std::string, std::set<std::string>> wanted_modules(const ParameterRoots& parameters,
                                                            const model::RequirementTable& table,
                                                            std::vector<Finding>& findings) {
    std::vector<std::string> known;
    for (const auto& [name, requirements] : table) known.push_back(name);
    std::map<std::string, std::set<std::string>> there; // root → those of its modules/ that exist
    for (const auto& [name, root] : parameters.roots)
        for (const std::string& module : fetch::parameter_members(root.tree, "modules")) {
            const auto find = [&, &owner = name](std::string text) {
                findings.push_back({parameters.nodes.contains(owner) ? node_subject(owner) : Subject{},
                                    fmt::format("parameters/{}/modules/{}", owner, module), 0,
                                    Severity::error, std::move(text)});
            };
            try {
                model::check_component_name(module, "module");
            } catch (const sys::BadConfiguration& error) {
                find(fmt::format("{}; rename it", error.full_text()));
                continue;
            }
            if (table.contains(module))
                there[name].insert(module);
            else
                find(fmt::format("there is no module '{}'{}", module,
                                 remedy(module, known, "make it, or take the file away")));
        }
    std::map<std::string, std::set<std::string>> wanted;
    for (const std::string& node : parameters.nodes) {
        std::set<std::string> asked;
        for (const std::string& root : inheritance_of(node, parameters.roots))
            if (const auto found = there.find(root); found != there.end())
                asked.insert(found->second.begin(), found->second.end());
        wanted[node] = model::closure(asked, table);
    }
    return wanted;
}

void check_clashes(const ParameterRoots& parameters,
                   const std::map<std::string, std::set<std::string>>& wanted,
                   const std::map<std::string, fetch::ParameterTree>& defaults,
                   std::vector<Finding>& findings) {
    Kinds kinds;
    for (const auto& [name, root] : parameters.roots) kinds.add(root.tree);
    for (const auto& [name, tree] : defaults) kinds.add(tree);
    if (!kinds.differ()) return;
    for (const auto& [node, modules] : wanted) {
        std::vector<fetch::ParameterLayer> layers;
        for (const std::string& module : modules)
            if (const auto found = defaults.find(module); found != defaults.end())
                layers.push_back({module, found->second, fmt::format("modules/{}/parameters", module)});
        for (const std::string& root : inheritance_of(node, parameters.roots))
            layers.push_back({root, parameters.roots.at(root).tree, fmt::format("parameters/{}", root)});
        try {
            (void)fetch::merge_layers(layers);
        } catch (const sys::BadConfiguration& error) {
            findings.push_back({node_subject(node), fmt::format("parameters/{}", node), 0, Severity::error,
                                error.full_text()});
        }
    }
}

} // namespace disco::lint
