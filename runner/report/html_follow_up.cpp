#include "runner/report/html_sections.hpp"

#include "runner/model/repetition.hpp"
#include "runner/report/html_words.hpp"
#include "runner/report/json_values.hpp"
#include "runner/report/text_sum.hpp"

#include <algorithm>

namespace disco::report {
namespace {

bool is_shown(const model::Notice& notice, const model::ModuleReport& module) {
    return !model::tells_of_repetition(notice) && !announces_action(notice, module);
}

void write_module_of(HtmlWriter& html, const model::ModuleReport& module) {
    if (!module.name.empty())
        html.markup(" <span class=\"muted\">module ").name(module.name).markup("</span>");
}

void write_action(HtmlWriter& html, const model::RunReport& run, const model::ModuleReport& module,
                  const model::Action& action) {
    const Look look = look_of(action.outcome);
    html.markup("<li><span class=\"").markup(look.colour).markup("\">").markup(look.symbol).markup(" ");
    const std::string words = action_in_words(action, run.mode);
    const std::size_t end = words.find(": ") + 1;
    html.line(words.substr(0, end)).markup("</span> <code>").line(words.substr(end + 1)).markup("</code>");
    if (action.outcome == model::ActionOutcome::failed)
        html.markup(" exit ").line(std::to_string(action.exit));
    write_module_of(html, module);
    if (action.repeated) html.markup(" <span class=\"muted\">once, for several that asked for it</span>");
    html.markup("</li>\n");
}

} // namespace

bool has_actions(const model::RunReport& run) {
    return !run.merge.kept.empty() || std::any_of(run.modules.begin(), run.modules.end(),
                                                  [](const auto& module) { return !module.actions.empty(); });
}

void write_actions(HtmlWriter& html, const model::RunReport& run) {
    if (!has_actions(run)) return;
    html.markup("<section id=\"actions\" aria-labelledby=\"actions-title\">\n"
                "<h2 id=\"actions-title\">Actions</h2>\n<ul class=\"list\">\n");
    for (const model::ModuleReport& module : run.modules)
        for (const model::Action& action : module.actions) write_action(html, run, module, action);
    for (const std::string& path : run.merge.kept)
        html.markup("<li><span class=\"none\">= kept as it is:</span> <code>")
            .text(shown_name(path))
            .markup("</code></li>\n");
    html.markup("</ul>\n</section>\n");
}

bool has_notices(const model::RunReport& run) {
    return std::any_of(run.modules.begin(), run.modules.end(), [](const auto& module) {
        return std::any_of(module.notices.begin(), module.notices.end(),
                           [&](const model::Notice& notice) { return is_shown(notice, module); });
    });
}

void write_notices(HtmlWriter& html, const model::RunReport& run) {
    if (!has_notices(run)) return;
    html.markup("<section id=\"notices\" aria-labelledby=\"notices-title\">\n"
                "<h2 id=\"notices-title\">Notices</h2>\n<ul class=\"list\">\n");
    for (const model::ModuleReport& module : run.modules)
        for (const model::Notice& notice : module.notices) {
            if (!is_shown(notice, module)) continue;
            html.markup("<li>› ").line(notice.text);
            write_module_of(html, module);
            if (!notice.step.empty())
                html.markup(" <span class=\"muted\">").name(notice.step).markup("</span>");
            html.markup("</li>\n");
        }
    html.markup("</ul>\n</section>\n");
}

} // namespace disco::report
