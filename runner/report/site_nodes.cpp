#include "runner/report/html_site.hpp"

#include "runner/sys/time_text.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace disco::report {
namespace {

/// Of what is tried by hand the state of the node is not told.
bool is_a_trial(const model::RunReport& run) {
    return run.command == "disco exec" || run.command == "disco shell";
}

NodeState state_of(const model::RunReport& run, const Site& site) {
    if (sys::moment_of_timestamp(run.started) < site.unreported_before) return NodeState::unreported;
    if (run.exit_code != model::ExitCode::done && run.exit_code != model::ExitCode::changes)
        return NodeState::failed;
    return run.outcome == model::RunOutcome::pending ? NodeState::pending : NodeState::clean;
}

} // namespace

const char* to_string(NodeState state) {
    switch (state) {
    case NodeState::failed: return "failed";
    case NodeState::unreported: return "unreported";
    case NodeState::pending: return "pending";
    case NodeState::clean: break;
    }
    return "clean";
}

const SiteRun& SiteNode::last() const {
    const auto found = std::find_if(runs.begin(), runs.end(),
                                    [](const SiteRun* run) { return !is_a_trial(run->summary.run); });
    return found == runs.end() ? *runs.front() : **found;
}

std::vector<SiteNode> nodes_of(const Site& site) {
    std::map<std::string, SiteNode> by_name;
    for (const SiteRun& run : site.runs) by_name[run.summary.run.node].runs.push_back(&run);
    std::vector<SiteNode> nodes;
    for (auto& [name, node] : by_name) {
        std::sort(node.runs.begin(), node.runs.end(), [](const SiteRun* a, const SiteRun* b) {
            const auto key = [](const SiteRun* run) {
                return std::tie(run->summary.run.started, run->summary.run.id);
            };
            return key(a) > key(b);
        });
        node.name = name;
        node.state = state_of(node.last().summary.run, site);
        nodes.push_back(std::move(node));
    }
    std::stable_sort(nodes.begin(), nodes.end(),
                     [](const SiteNode& a, const SiteNode& b) { return a.state < b.state; });
    return nodes;
}

} // namespace disco::report
