#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/report_summary.hpp"

#include <ctime>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// The first page of many runs: how each node is, by its last run.
namespace disco::report {

struct SiteRun {
    ReportSummary summary;
    std::string page; ///< a file beside the first page, which names it in a link
};

/// A report that could not be read.
struct SiteFault {
    std::string source, reason;
};

struct Site {
    std::vector<SiteRun> runs;
    std::vector<SiteFault> faults;
    std::time_t now = 0,
                unreported_before = 0; ///< a node whose last run began earlier than this is unreported
};

enum class NodeState { failed, unreported, pending, clean };
[[nodiscard]] const char* to_string(NodeState state);

/// A node, and its runs, the last one first.
struct SiteNode {
    std::string name;
    NodeState state = NodeState::clean;
    std::vector<const SiteRun*> runs;
    /// That says how it is: a dance, an apply or a rollback; of a node that had none, any.
    [[nodiscard]] const SiteRun& last() const;
};

/// Those in trouble first, then by name. The result refers to the site. Pure.
[[nodiscard]] std::vector<SiteNode> nodes_of(const Site& site);

void write_site_index(const Site& site, const std::function<void(std::string_view)>& write);

} // namespace disco::report
