#include "runner/lint/order_check.hpp"

#include "runner/lint/finding.hpp"

#include <cstddef>
#include <set>
#include <utility>
#include <variant>

#include <fmt/format.h>

namespace disco::lint {
namespace {

constexpr std::size_t most_circles = 100; // of a universe that is one knot

std::string file_of(const std::string& module) { return fmt::format("modules/{}/requires", module); }

class Order {
public:
    Order(model::RequirementTable table, const std::map<std::string, std::string>& texts) : texts_{texts} {
        check_.table = std::move(table);
        for (const auto& [name, requirements] : check_.table) known_.push_back(name);
    }

    OrderCheck run() {
        for (auto& [name, requirements] : check_.table)
            for (auto* names : {&requirements.after, &requirements.before})
                std::erase_if(*names, [&, &module = name](const std::string& needed) {
                    if (check_.table.contains(needed)) return false;
                    find(module, needed,
                         fmt::format("there is no module '{}'{}", needed,
                                     remedy(needed, known_, "make it, or take the line away")));
                    return true;
                });
        const std::set<std::string> all{known_.begin(), known_.end()};
        for (std::size_t count = 0; count < most_circles; ++count) {
            const auto order = model::order_modules(all, check_.table);
            const auto* cycle = std::get_if<model::Cycle>(&order);
            if (cycle == nullptr) break;
            open(*cycle);
        }
        return std::move(check_);
    }

private:
    /// Reports the circle where its first module comes after its second, and forgets that line.
    void open(const model::Cycle& cycle) {
        const std::string& later = cycle.chain[0];
        const std::string& earlier = cycle.chain[1];
        const std::string text = fmt::format("{}; take one of these lines away", model::describe(cycle));
        if (std::erase(check_.table.at(later).after, earlier) != 0)
            find(later, earlier, text);
        else if (std::erase(check_.table.at(earlier).before, later) != 0)
            find(earlier, later, text);
        // The same may be said twice, in both files.
        std::erase(check_.table.at(earlier).before, later);
    }

    void find(const std::string& module, const std::string& named, std::string text) {
        const auto written = texts_.find(module);
        check_.findings.push_back({module_subject(module), file_of(module),
                                   written == texts_.end() ? 0 : line_naming(written->second, named),
                                   Severity::error, std::move(text)});
    }

    const std::map<std::string, std::string>& texts_;
    std::vector<std::string> known_;
    OrderCheck check_;
};

} // namespace

OrderCheck check_order(model::RequirementTable table, const std::map<std::string, std::string>& texts) {
    return Order{std::move(table), texts}.run();
}

} // namespace disco::lint
