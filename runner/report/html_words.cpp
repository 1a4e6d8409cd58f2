#include "runner/report/html_words.hpp"

namespace disco::report {

using model::RunOutcome;

Look look_of(model::ModuleOutcome outcome) {
    switch (outcome) {
    case model::ModuleOutcome::in_sync: return {"good", "="};
    case model::ModuleOutcome::changed: return {"wait", "~"};
    case model::ModuleOutcome::failed: return {"fail", "✕"};
    case model::ModuleOutcome::skipped: break;
    }
    return {"none", "–"};
}

Look look_of(RunOutcome outcome, model::ExitCode code) {
    switch (outcome) {
    case RunOutcome::in_sync: return {"good", "="};
    case RunOutcome::pending: return {"wait", "~"};
    case RunOutcome::merged:
        if (code == model::ExitCode::done || code == model::ExitCode::changes) return {"good", "✓"};
        break;
    case RunOutcome::conflict: return {"fail", "!"};
    case RunOutcome::failed:
    case RunOutcome::undone:
    case RunOutcome::interrupted: break;
    }
    return {"fail", "✕"};
}

Look look_of(model::ActionOutcome outcome) {
    switch (outcome) {
    case model::ActionOutcome::pending: return {"wait", "…"};
    case model::ActionOutcome::done: return {"good", "✓"};
    case model::ActionOutcome::failed: break;
    }
    return {"fail", "✕"};
}

Look look_of(model::ChangeKind kind) {
    switch (kind) {
    case model::ChangeKind::created: return {"created", "+"};
    case model::ChangeKind::modified: return {"modified", "~"};
    case model::ChangeKind::deleted: return {"deleted", "−"};
    case model::ChangeKind::metadata: return {"metadata", "~"};
    case model::ChangeKind::replaced: break;
    }
    return {"replaced", "±"};
}

void write_badge(HtmlWriter& html, const Look& look, std::string_view word) {
    html.markup("<span class=\"badge ").markup(look.colour).markup("\">").markup(look.symbol).markup(" ");
    html.line(word).markup("</span>");
}

std::string meaning_of(const model::RunReport& run) {
    switch (run.outcome) {
    case RunOutcome::in_sync: return "Nothing to change";
    case RunOutcome::pending: return "Nothing was merged";
    case RunOutcome::merged:
        return run.exit_code == model::ExitCode::followup_failed ? "Merged, but an action or a check failed"
                                                                 : "All was merged";
    case RunOutcome::failed:
        return run.exit_code == model::ExitCode::undone
                   ? "The merge failed, and not all of it could be undone"
                   : "Nothing was merged";
    case RunOutcome::conflict: return "The tree changed meanwhile, nothing was merged";
    case RunOutcome::undone: return "Merged and undone again";
    case RunOutcome::interrupted: break;
    }
    return "Nothing was merged";
}

} // namespace disco::report
