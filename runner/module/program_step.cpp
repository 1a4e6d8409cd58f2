#include "runner/module/program_step.hpp"

#include "runner/sys/printable.hpp"
#include "runner/sys/shown_words.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace disco::module {
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
             fmt::format("{} {}{}",
                         call.failed                       ? "could not"
                         : profile == model::Profile::live ? "refused to"
                                                           : "would",
                         call.text, call.count > 1 ? fmt::format(" ({} times)", call.count) : ""),
             {},
             name});
    for (const std::string& line : end.left_running)
        report.notices.push_back({model::NoticeKind::left_running,
                                  fmt::format("left running, and was killed: {}", sys::printable(line)),
                                  {},
                                  name});
}

void enter_unqueued(model::ModuleReport& report, const border::GuardedRequest& asked,
                    const std::string& step) {
    const bool refused = asked.kind == border::GuardedRequest::Kind::refused;
    model::Notice notice{refused ? model::NoticeKind::refused : model::NoticeKind::would_execute,
                         fmt::format("{}: {}{}{}", refused ? "refused" : "would execute",
                                     sys::shown_words(asked.argv), asked.reason.empty() ? "" : ": ",
                                     asked.reason),
                         asked.argv, step};
    const bool known =
        std::any_of(report.notices.begin(), report.notices.end(), [&](const model::Notice& old) {
            return old.step == notice.step && old.text == notice.text;
        });
    if (!known) report.notices.push_back(std::move(notice));
}

void enter_asked(model::ModuleReport& report, const border::GuardedRequest& asked, const std::string& step,
                 model::RunMode mode) {
    const bool action = asked.kind == border::GuardedRequest::Kind::action;
    if (action) {
        model::Action queued;
        queued.argv = asked.argv;
        queued.context = asked.context;
        queued.meaning = model::with_full_names(asked.meaning);
        queued.covers = asked.covers;
        queued.effects = asked.effects;
        report.actions.push_back(std::move(queued));
    }
    if (!action || mode == model::RunMode::noop) enter_unqueued(report, asked, step);
}

} // namespace disco::module
