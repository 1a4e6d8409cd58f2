#include "runner/view/foreign_mounts.hpp"

#include "runner/sys/printable.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace disco::view {
namespace {

using overlay::ClassifiedMount;

/// EROFS as strerror(3) has it in the locale of the sandbox.
constexpr std::string_view erofs = "Read-only file system";

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

class Notes {
public:
    explicit Notes(const std::vector<ClassifiedMount>& mounts) {
        for (const ClassifiedMount& mount : mounts)
            if (mount.kind == overlay::MountClass::foreign) foreign_.push_back(&mount);
    }

    /// `text`: what a step printed, or why a module failed.
    void add(std::string_view text, const std::string& step, std::vector<model::Notice>& notices) {
        if (foreign_.empty() || !holds(text, erofs)) return;
        const auto named = [&](const ClassifiedMount* mount) {
            return holds(text, std::string_view{mount->inside}.substr(1)); // deliveries have no leading slash
        };
        // The name that was printed may be a relative one.
        const bool any_named = std::any_of(foreign_.begin(), foreign_.end(), named);
        for (const ClassifiedMount* mount : foreign_)
            if ((!any_named || named(mount)) && noted_.insert(mount).second)
                notices.push_back({model::NoticeKind::read_only, text_of(*mount), {}, step});
    }

private:
    static std::string text_of(const ClassifiedMount& mount) {
        return fmt::format(
            "'{}' is shown read-only, as overlayfs does not take its file system ({}) as a lower layer, so "
            "nothing on it can be changed in the sandbox and merged; let disco-defer queue the command that "
            "writes there, to be run after the merge",
            sys::printable(mount.inside), mount.type);
    }

    std::vector<const ClassifiedMount*> foreign_;
    std::set<const ClassifiedMount*> noted_;
};

} // namespace

void note_foreign_mounts(std::vector<model::ModuleReport>& modules,
                         const std::vector<ClassifiedMount>& mounts) {
    Notes notes{mounts};
    for (model::ModuleReport& module : modules) {
        for (const model::Step& step : module.steps) notes.add(step.output, step.name, module.notices);
        notes.add(module.reason, {}, module.notices); // of a delivery
    }
}

} // namespace disco::view
