#include "runner/module/module_checks.hpp"

#include "runner/module/begun_layer.hpp"
#include "runner/module/module_sandbox.hpp"

#include <string_view>

namespace disco::module {

using model::Phase;
using model::Profile;

bool run_checks(const ModuleContents& module, const ModuleContext& context, model::ModuleReport& report) {
    if (module.checks.empty()) return true;
    const BegunLayer layer{context.views}; // the sandbox goes before it
    ModuleSandbox sandbox{module, context, [&](std::string_view bytes) {
                              if (context.options.on_output) context.options.on_output(module.name, bytes);
                          }};
    for (const Script& check : module.checks) sandbox.add_script(check, Phase::check, Profile::live);
    sandbox.start(model::Network::host);
    context.views.enter(sandbox.box());
    bool all = true;
    for (const Script& check : module.checks) {
        using EndKind = sandbox::ProgramEnd::Kind;
        const auto ends = sandbox.run_next(report, {check.in_module}, Phase::check, Profile::live);
        const auto failure = sandbox.failure(report, check.in_module, ends.front());
        if (!failure) continue;
        all = false;
        if (report.reason.empty()) report.reason = *failure;
        const EndKind how = ends.front().how;
        if (how != EndKind::exited && how != EndKind::signalled) break; // the sandbox is gone
    }
    return all;
}

} // namespace disco::module
