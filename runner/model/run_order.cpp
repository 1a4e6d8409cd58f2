#include "runner/model/run_order.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::model {
namespace {

/// module → the modules it must come after, of the modules in `among` only.
using Predecessors = std::map<std::string, std::set<std::string>>;

template <class Container> Predecessors predecessors(const Container& among, const RequirementTable& table) {
    Predecessors result;
    for (const std::string& name : among) result[name];
    for (const std::string& name : among) {
        const auto found = table.find(name);
        if (found == table.end()) continue;
        for (const std::string& earlier : found->second.after)
            if (result.contains(earlier)) result[name].insert(earlier);
        for (const std::string& later : found->second.before)
            if (result.contains(later)) result[later].insert(name);
    }
    return result;
}

std::optional<MissingModule> find_missing(const std::set<std::string>& wanted,
                                          const std::set<std::string>& all, const RequirementTable& table) {
    for (const std::string& name : wanted)
        if (!table.contains(name)) return MissingModule{name, {}};
    for (const std::string& name : all) {
        const auto found = table.find(name);
        if (found == table.end()) continue; // reported by the module that names it
        for (const auto* names : {&found->second.after, &found->second.before})
            for (const std::string& needed : *names)
                if (!table.contains(needed)) return MissingModule{needed, name};
    }
    return std::nullopt;
}

/// A circle among modules of which each has a predecessor in `left`. Begins with its smallest name.
Cycle find_cycle(const Predecessors& left) {
    std::vector<std::string> chain = {left.begin()->first};
    for (;;) {
        const std::string& next = *left.at(chain.back()).begin();
        const auto seen = std::find(chain.begin(), chain.end(), next);
        if (seen == chain.end()) {
            chain.push_back(next);
            continue;
        }
        chain.erase(chain.begin(), seen); // the way into the circle is no part of it
        std::rotate(chain.begin(), std::min_element(chain.begin(), chain.end()), chain.end());
        chain.push_back(chain.front());
        return Cycle{std::move(chain)};
    }
}

} // namespace

std::set<std::string> closure(const std::set<std::string>& wanted, const RequirementTable& table) {
    std::set<std::string> reached = wanted;
    std::vector<std::string> pending{wanted.begin(), wanted.end()};
    while (!pending.empty()) {
        const auto found = table.find(pending.back());
        pending.pop_back();
        if (found == table.end()) continue;
        for (const auto* names : {&found->second.after, &found->second.before})
            for (const std::string& name : *names)
                if (reached.insert(name).second) pending.push_back(name);
    }
    return reached;
}

std::variant<RunOrder, Cycle, MissingModule> order_modules(const std::set<std::string>& wanted,
                                                           const RequirementTable& table) {
    const std::set<std::string> all = closure(wanted, table);
    if (auto missing = find_missing(wanted, all, table)) return *std::move(missing);

    Predecessors waiting_for = predecessors(all, table);
    std::map<std::string, std::vector<std::string>> successors;
    std::set<std::string> ready; // sorted: ties are decided by name
    for (const auto& [name, earlier] : waiting_for) {
        for (const std::string& one : earlier) successors[one].push_back(name);
        if (earlier.empty()) ready.insert(name);
    }
    RunOrder order;
    while (!ready.empty()) {
        const std::string name = ready.extract(ready.begin()).value();
        waiting_for.erase(name);
        for (const std::string& later : successors[name]) {
            auto& earlier = waiting_for.at(later);
            earlier.erase(name);
            if (earlier.empty()) ready.insert(later);
        }
        order.modules.push_back(name);
    }
    if (!waiting_for.empty()) return find_cycle(waiting_for);
    return order;
}

std::string describe(const Cycle& cycle) {
    return fmt::format("modules require one another in a cycle: {}", fmt::join(cycle.chain, " after "));
}

std::string describe(const MissingModule& missing, std::string_view wanted_by) {
    if (missing.needed_by.empty())
        return fmt::format("the server has no module '{}', which {}", missing.name, wanted_by);
    return fmt::format("the server has no module '{}', which module '{}' requires", missing.name,
                       missing.needed_by);
}

std::map<std::string, std::set<std::string>> direct_requirements(const std::vector<std::string>& order,
                                                                 const RequirementTable& table) {
    return predecessors(order, table);
}

std::set<std::string> dependents(const std::string& module, const std::vector<std::string>& order,
                                 const RequirementTable& table) {
    const Predecessors earlier = predecessors(order, table);
    std::set<std::string> found;
    // The order is topological, so one pass in its direction sees every predecessor before its successors.
    for (const std::string& name : order) {
        const auto& before = earlier.at(name);
        if (name != module && std::any_of(before.begin(), before.end(), [&](const std::string& one) {
                return one == module || found.contains(one);
            }))
            found.insert(name);
    }
    return found;
}

} // namespace disco::model
