#include "runner/model/run_report.hpp"

#include <algorithm>
#include <numeric>

namespace disco::model {

// The words of the JSON report. No `default`: a new value must stop the build.
const char* to_string(RunMode mode) {
    switch (mode) {
    case RunMode::noop: return "noop";
    case RunMode::live: return "live";
    }
    return "?";
}

const char* to_string(Profile profile) {
    switch (profile) {
    case Profile::strict: return "strict";
    case Profile::simulate: return "simulate";
    case Profile::live: return "live";
    case Profile::template_: return "template";
    case Profile::none: return "";
    }
    return "?";
}

const char* to_string(Phase phase) {
    switch (phase) {
    case Phase::fetch: return "fetch";
    case Phase::files: return "files";
    case Phase::template_: return "template";
    case Phase::script: return "script";
    case Phase::shell: return "shell";
    case Phase::diff: return "diff";
    case Phase::check: return "check";
    case Phase::action: return "action";
    case Phase::merge: return "merge";
    }
    return "?";
}

const char* to_string(NoticeKind kind) {
    switch (kind) {
    case NoticeKind::would_execute: return "would-execute";
    case NoticeKind::refused: return "refused";
    case NoticeKind::restricted: return "restricted";
    case NoticeKind::left_running: return "left-running";
    case NoticeKind::copied_shim: return "copied-shim";
    case NoticeKind::network: return "network";
    case NoticeKind::read_only: return "read-only";
    case NoticeKind::runtime: return "runtime";
    case NoticeKind::kept: return "kept";
    }
    return "?";
}

const char* to_string(ActionOutcome outcome) {
    switch (outcome) {
    case ActionOutcome::pending: return "pending";
    case ActionOutcome::done: return "done";
    case ActionOutcome::failed: return "failed";
    }
    return "?";
}

const char* to_string(ModuleOutcome outcome) {
    switch (outcome) {
    case ModuleOutcome::in_sync: return "in-sync";
    case ModuleOutcome::changed: return "changed";
    case ModuleOutcome::failed: return "failed";
    case ModuleOutcome::skipped: return "skipped";
    }
    return "?";
}

const char* to_string(RunOutcome outcome) {
    switch (outcome) {
    case RunOutcome::in_sync: return "in-sync";
    case RunOutcome::pending: return "pending";
    case RunOutcome::merged: return "merged";
    case RunOutcome::failed: return "failed";
    case RunOutcome::conflict: return "conflict";
    case RunOutcome::undone: return "undone";
    case RunOutcome::interrupted: return "interrupted";
    }
    return "?";
}

ResourceUsage resource_usage(const struct rusage& usage) {
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return {.user_s = seconds(usage.ru_utime),
            .sys_s = seconds(usage.ru_stime),
            .max_rss_kib = usage.ru_maxrss,
            .minor_faults = usage.ru_minflt,
            .major_faults = usage.ru_majflt,
            .blocks_in = usage.ru_inblock,
            .blocks_out = usage.ru_oublock,
            .switches_voluntary = usage.ru_nvcsw,
            .switches_involuntary = usage.ru_nivcsw};
}

ResourceUsage operator+(const ResourceUsage& a, const ResourceUsage& b) {
    return {.user_s = a.user_s + b.user_s,
            .sys_s = a.sys_s + b.sys_s,
            .max_rss_kib = std::max(a.max_rss_kib, b.max_rss_kib),
            .minor_faults = a.minor_faults + b.minor_faults,
            .major_faults = a.major_faults + b.major_faults,
            .blocks_in = a.blocks_in + b.blocks_in,
            .blocks_out = a.blocks_out + b.blocks_out,
            .switches_voluntary = a.switches_voluntary + b.switches_voluntary,
            .switches_involuntary = a.switches_involuntary + b.switches_involuntary};
}

ResourceUsage operator-(const ResourceUsage& later, const ResourceUsage& earlier) {
    return {.user_s = later.user_s - earlier.user_s,
            .sys_s = later.sys_s - earlier.sys_s,
            .max_rss_kib = later.max_rss_kib,
            .minor_faults = later.minor_faults - earlier.minor_faults,
            .major_faults = later.major_faults - earlier.major_faults,
            .blocks_in = later.blocks_in - earlier.blocks_in,
            .blocks_out = later.blocks_out - earlier.blocks_out,
            .switches_voluntary = later.switches_voluntary - earlier.switches_voluntary,
            .switches_involuntary = later.switches_involuntary - earlier.switches_involuntary};
}

std::size_t ModuleReport::changes() const {
    return std::accumulate(change_counts.begin(), change_counts.end(), std::size_t{0});
}

ActionCounts count_actions(const ModuleReport& module) {
    ActionCounts counts;
    for (const Action& action : module.actions) {
        if (action.repeated) continue;
        switch (action.outcome) {
        case ActionOutcome::pending: ++counts.pending; break;
        case ActionOutcome::done: ++counts.done; break;
        case ActionOutcome::failed: ++counts.failed; break;
        }
    }
    return counts;
}

ActionCounts count_actions(const std::vector<ModuleReport>& modules) {
    ActionCounts sum;
    for (const ModuleReport& module : modules) {
        const ActionCounts one = count_actions(module);
        sum.pending += one.pending;
        sum.done += one.done;
        sum.failed += one.failed;
    }
    return sum;
}

bool ModuleReport::is_shell() const {
    return std::any_of(steps.begin(), steps.end(),
                       [](const Step& step) { return step.phase == Phase::shell; });
}

} // namespace disco::model
