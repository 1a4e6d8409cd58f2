#include "runner/report/stored_report.hpp"

#include "runner/sys/printable.hpp"

#include <fmt/format.h>

namespace disco::report {
namespace {

std::string row(std::string_view name, const model::Step& step) {
    const std::string end =
        step.signal != 0 ? fmt::format("sig {}", step.signal) : fmt::format("{}", step.exit);
    return fmt::format("{:<40} {:>9.1f} {:>9.1f} {:>9.1f} {:>9} {:>8} {:>6} {:>7} {:>7} {:>7} {:>7} {:>6}\n",
                       name, step.wall_s * 1e3, step.usage.user_s * 1e3, step.usage.sys_s * 1e3,
                       step.usage.max_rss_kib, step.usage.minor_faults, step.usage.major_faults,
                       step.usage.blocks_in, step.usage.blocks_out, step.usage.switches_voluntary,
                       step.usage.switches_involuntary, end);
}

model::Step sum(const std::vector<model::Step>& steps) {
    model::Step total;
    for (const model::Step& step : steps) {
        total.wall_s += step.wall_s;
        total.usage = total.usage + step.usage;
        if (total.exit == 0) total.exit = step.exit;
        if (total.signal == 0) total.signal = step.signal;
    }
    return total;
}

std::string label(const model::Step& step) {
    const std::string phase = model::to_string(step.phase);
    const std::string name = sys::printable(step.name);
    const bool plain = name == phase || name.starts_with(phase);
    std::string text = "    " + (plain ? name : phase + " " + name);
    if (text.size() <= 40) return text;
    std::size_t cut = 39;
    while ((static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80U) --cut; // not inside a UTF-8 character
    text.replace(cut, std::string::npos, "…");
    return text;
}

} // namespace

void write_times_report(const model::RunReport& run, bool color,
                        const std::function<void(std::string_view)>& write) {
    const auto bold = [&](const std::string& text) { return color ? "\033[1m" + text + "\033[0m" : text; };
    write(bold(fmt::format("{:<40} {:>9} {:>9} {:>9} {:>9} {:>8} {:>6} {:>7} {:>7} {:>7} {:>7} {:>6}", "step",
                           "wall ms", "user ms", "sys ms", "rss KiB", "minflt", "majflt", "blk in", "blk out",
                           "vol cs", "inv cs", "exit")) +
          "\n");
    std::vector<model::Step> all;
    const auto block = [&](const std::string& name, const std::vector<model::Step>& steps) {
        if (steps.empty()) return;
        write(row(sys::printable(name), sum(steps)));
        for (const model::Step& step : steps) write(row(label(step), step));
        all.push_back(sum(steps));
    };
    block("(the dance itself)", run.metrics);
    for (const model::ModuleReport& module : run.modules)
        block(module.name.empty() ? "(the command)" : module.name, module.steps);
    write(row("sum of the steps", sum(all)));
    write(fmt::format("{:<40} {:>9.1f}\n", "whole run", run.wall_s * 1e3));
}

} // namespace disco::report
