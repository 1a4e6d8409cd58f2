#include "runner/dance/program_step.hpp"

#include "runner/sys/printable.hpp"

#include <fmt/format.h>

namespace disco::dance {

void enter_program(model::ModuleReport& report, model::Phase phase, const std::string& name,
                   model::Profile profile, const sandbox::ProgramEnd& end) {
    model::Step step;
    step.phase = phase;
    step.name = name;
    step.profile = profile;
    step.exit = end.exit;
    step.signal = end.signal;
    step.wall_s = end.wall_s;
    step.usage = end.usage;
    step.output = end.output;
    report.steps.push_back(std::move(step));
    for (const sandbox::AnsweredCall& call : end.calls)
        report.notices.push_back(
            {model::NoticeKind::refused,
             fmt::format("{} {}{}", profile == model::Profile::live ? "refused to" : "would", call.text,
                         call.count > 1 ? fmt::format(" ({} times)", call.count) : ""),
             {},
             name});
    for (const std::string& line : end.left_running)
        report.notices.push_back({model::NoticeKind::left_running,
                                  fmt::format("left running, and was killed: {}", sys::printable(line)),
                                  {},
                                  name});
}

} // namespace disco::dance
