#include "runner/report/json_heading.hpp"

#include "runner/report/json_members.hpp"

#include <fmt/format.h>

namespace disco::report {

void append_run(std::string& out, const model::RunReport& run) {
    out += "\"run\":{";
    append_member(out, "id", run.id);
    append_member(out, "node", run.node);
    append_member(out, "mode", model::to_string(run.mode));
    append_member(out, "root", run.root);
    append_member(out, "command", run.command);
    append_member(out, "started", run.started);
    out += fmt::format(",\"wall_s\":{:.6f}", run.wall_s);
    append_member(out, "outcome", model::to_string(run.outcome));
    out += fmt::format(",\"exit_code\":{}", model::to_int(run.exit_code));
    append_member(out, "disco_version", run.version);
    append_member_unless_empty(out, "failure", run.failure);
    out += '}';
}

void append_counts(std::string& out, const ReportCounts& counts) {
    out += fmt::format(
        R"("counts":{{"changes":{},"actions":{{"pending":{},"done":{},"failed":{}}},"failed_checks":{}}})",
        counts.changes, counts.actions.pending, counts.actions.done, counts.actions.failed,
        counts.failed_checks);
}

} // namespace disco::report
