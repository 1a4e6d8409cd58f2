#include "runner/report/times_report.hpp"

#include "runner/report/text_changes.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/time_text.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <fmt/format.h>

namespace disco::report {
namespace {

std::string end_of(const model::Step& step) {
    return step.signal != 0 ? fmt::format("sig {}", step.signal) : fmt::format("{}", step.exit);
}

/// All that getrusage(2) tells.
std::string whole_row(std::string_view name, const model::Step& step) {
    return fmt::format("{:<40} {:>9.1f} {:>9.1f} {:>9.1f} {:>9} {:>8} {:>6} {:>7} {:>7} {:>7} {:>7} {:>6}\n",
                       name, step.wall_s * 1e3, step.usage.user_s * 1e3, step.usage.sys_s * 1e3,
                       step.usage.max_rss_kib, step.usage.minor_faults, step.usage.major_faults,
                       step.usage.blocks_in, step.usage.blocks_out, step.usage.switches_voluntary,
                       step.usage.switches_involuntary, end_of(step));
}

std::string row(std::string_view name, const model::Step& step) {
    return fmt::format("{:<40} {:>10} {:>10} {:>8.1f} {:>7}\n", name, sys::duration_in_words(step.wall_s),
                       sys::duration_in_words(step.usage.user_s + step.usage.sys_s),
                       static_cast<double>(step.usage.max_rss_kib) / 1024, end_of(step));
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

std::string cut(std::string text, std::size_t columns) {
    if (text.size() <= columns) return text;
    std::size_t end = columns - 1;
    while ((static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end; // not inside a UTF-8 character
    return text.replace(end, std::string::npos, "…");
}

/// "fetch parameters", "scripts/10-x.sh".
std::string name_of(const model::Step& step) {
    const std::string phase = model::to_string(step.phase);
    const std::string name = sys::printable(step.name);
    return name == phase || name.starts_with(phase) ? name : phase + " " + name;
}

struct SlowStep {
    std::string name;
    double wall_s;
};

/// The slowest steps, each with a bar; a run of few steps needs none.
void write_bars(std::vector<SlowStep> steps, const Paint& paint,
                const std::function<void(std::string_view)>& write) {
    constexpr std::size_t most = 10, longest = 26;
    if (steps.size() < 3) return;
    std::stable_sort(steps.begin(), steps.end(),
                     [](const SlowStep& a, const SlowStep& b) { return a.wall_s > b.wall_s; });
    steps.resize(std::min(steps.size(), most));
    if (steps.front().wall_s <= 0) return;
    write("\n" + paint.bold("slowest steps") + "\n");
    for (const SlowStep& step : steps) {
        const auto length =
            static_cast<std::size_t>(step.wall_s / steps.front().wall_s * static_cast<double>(longest) + 0.5);
        write(fmt::format("{:<40} {:>10} {}\n", cut("    " + step.name, 40),
                          sys::duration_in_words(step.wall_s), paint.cyan(std::string(length, '#'))));
    }
}

} // namespace

void write_times_report(const model::RunReport& run, TimesDetail detail, bool color,
                        const std::function<void(std::string_view)>& write) {
    const Paint paint{color};
    const bool whole = detail == TimesDetail::all;
    const auto write_row = [&](std::string_view name, const model::Step& step) {
        write(whole ? whole_row(name, step) : row(name, step));
    };
    write(paint.bold(
              whole ? fmt::format("{:<40} {:>9} {:>9} {:>9} {:>9} {:>8} {:>6} {:>7} {:>7} {:>7} {:>7} {:>6}",
                                  "step", "wall ms", "user ms", "sys ms", "rss KiB", "minflt", "majflt",
                                  "blk in", "blk out", "vol cs", "inv cs", "exit")
                    : fmt::format("{:<40} {:>10} {:>10} {:>8} {:>7}", "step", "wall", "CPU", "MiB", "exit")) +
          "\n");
    std::vector<model::Step> all;
    std::vector<SlowStep> slow;
    const auto block = [&](const std::string& name, const std::vector<model::Step>& steps) {
        if (steps.empty()) return;
        write_row(cut(sys::printable(name), 40), sum(steps));
        for (const model::Step& step : steps) {
            write_row(cut("    " + name_of(step), 40), step);
            slow.push_back({fmt::format("{}: {}", sys::printable(name), name_of(step)), step.wall_s});
        }
        all.push_back(sum(steps));
    };
    block("(the dance itself)", run.metrics);
    for (const model::ModuleReport& module : run.modules)
        block(module.name.empty() ? "(the command)" : module.name, module.steps);
    write_row("sum of the steps", sum(all));
    write(whole ? fmt::format("{:<40} {:>9.1f}\n", "whole run", run.wall_s * 1e3)
                : fmt::format("{:<40} {:>10}\n", "whole run", sys::duration_in_words(run.wall_s)));
    if (!whole) write_bars(std::move(slow), paint, write);
}

} // namespace disco::report
