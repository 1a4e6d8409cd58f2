#include "runner/model/action_queue.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <string>

namespace disco::model {
namespace {

enum class Sort {
    barrier, ///< may do anything, as far as is known
    units,   ///< starts, stops or reloads units
    reload,  ///< daemon-reload
    ending,  ///< of the machine
};

Sort sort_of(const Action& action) {
    switch (action.meaning.verb) {
    case ServiceVerb::start:
    case ServiceVerb::stop:
    case ServiceVerb::restart:
    case ServiceVerb::try_restart:
    case ServiceVerb::reload:
    case ServiceVerb::reload_or_restart:
    case ServiceVerb::try_reload_or_restart:
        return action.meaning.units.empty() ? Sort::barrier : Sort::units;
    case ServiceVerb::daemon_reload: return Sort::reload;
    case ServiceVerb::end_machine: return Sort::ending;
    case ServiceVerb::none:
    case ServiceVerb::anything:
    case ServiceVerb::is_active:
    case ServiceVerb::is_failed:
    case ServiceVerb::status:
    case ServiceVerb::show: return Sort::barrier;
    }
    return Sort::barrier;
}

bool may_change_unit_files(const Action& action) { return action.meaning.verb == ServiceVerb::anything; }

/// A pattern may mean any unit.
bool has_pattern(const Action& action) {
    return std::any_of(action.meaning.units.begin(), action.meaning.units.end(), sys::is_pattern);
}

bool names(const Action& action, const std::string& unit) {
    const auto& units = action.meaning.units;
    return std::find(units.begin(), units.end(), unit) != units.end();
}

bool touches(const Action& action, const Action& other) {
    if (has_pattern(action) || has_pattern(other)) return true;
    return std::any_of(other.meaning.units.begin(), other.meaning.units.end(),
                       [&](const std::string& unit) { return names(action, unit); });
}

/// Every unit of `action` is one of `other`'s, too.
bool within(const Action& action, const Action& other) {
    return std::all_of(action.meaning.units.begin(), action.meaning.units.end(),
                       [&](const std::string& unit) { return names(other, unit); });
}

/// What a shell notes for itself says nothing about the command.
std::vector<std::string> telling(std::vector<std::string> environment) {
    constexpr std::array<std::string_view, 4> notes = {"_=", "SHLVL=", "PWD=", "OLDPWD="};
    std::erase_if(environment, [&](const std::string& variable) {
        return std::any_of(notes.begin(), notes.end(),
                           [&](std::string_view note) { return variable.starts_with(note); });
    });
    std::sort(environment.begin(), environment.end());
    return environment;
}

bool same_command(const Action& a, const Action& b) {
    return a.argv == b.argv && a.context.directory == b.context.directory &&
           a.context.umask == b.context.umask && a.context.input == b.context.input &&
           telling(a.context.environment) == telling(b.context.environment);
}

/// The second time does something else than the first: `iptables -D INPUT 1`.
bool adds_up(const Action& action) { return any_named(action.effects.changes, {"packet-filter"}); }

/// The one may start, by what units want, what the other stops.
bool opposes(const Action& a, const Action& b) {
    const auto are = [&](ServiceVerb one, ServiceVerb other) {
        return a.meaning.verb == one && b.meaning.verb == other;
    };
    return are(ServiceVerb::start, ServiceVerb::stop) || are(ServiceVerb::stop, ServiceVerb::start);
}

/// Done by a restart besides.
bool part_of_a_restart(ServiceVerb verb) {
    constexpr std::array parts = {ServiceVerb::start, ServiceVerb::try_restart, ServiceVerb::reload,
                                  ServiceVerb::reload_or_restart, ServiceVerb::try_reload_or_restart};
    return std::find(parts.begin(), parts.end(), verb) != parts.end();
}

class Planner {
public:
    explicit Planner(const std::vector<const Action*>& asked) : asked_{asked}, runs_as_(asked.size()) {
        std::iota(runs_as_.begin(), runs_as_.end(), std::size_t{0});
    }

    ActionPlan plan() {
        for (std::size_t i = 0; i < asked_.size(); ++i) place(i);
        std::vector<std::size_t> order;
        if (first_reload_) order.push_back(*first_reload_);
        order.insert(order.end(), kept_.begin(), kept_.end());
        if (ending_) order.push_back(*ending_);
        for (std::size_t& one : runs_as_) // what stands for it may have been dropped for another one later
            while (runs_as_[one] != one) one = runs_as_[one];
        return {std::move(order), std::move(runs_as_)};
    }

private:
    void place(std::size_t i) {
        switch (sort_of(*asked_[i])) {
        case Sort::reload: return place_reload(i);
        case Sort::ending:
            if (ending_) // the machine would have been gone by then
                runs_as_[i] = *ending_;
            else
                ending_ = i;
            return;
        case Sort::barrier:
            units_may_have_changed_ = units_may_have_changed_ || may_change_unit_files(*asked_[i]);
            if (!kept_.empty() && !adds_up(*asked_[i]) && same_command(*asked_[i], *asked_[kept_.back()]))
                runs_as_[i] = kept_.back();
            else
                kept_.push_back(i);
            return;
        case Sort::units: return place_unit_action(i);
        }
    }

    void place_reload(std::size_t i) {
        if (!units_may_have_changed_) {
            if (first_reload_)
                runs_as_[i] = *first_reload_;
            else
                first_reload_ = i;
            return;
        }
        for (auto before = kept_.rbegin(); before != kept_.rend(); ++before) {
            if (may_change_unit_files(*asked_[*before])) break;
            if (sort_of(*asked_[*before]) != Sort::reload) continue;
            runs_as_[i] = *before;
            return;
        }
        kept_.push_back(i);
    }

    void place_unit_action(std::size_t i) {
        const Action& action = *asked_[i];
        for (auto before = kept_.end(); before != kept_.begin();) {
            --before;
            const Action& earlier = *asked_[*before];
            if (sort_of(earlier) != Sort::units || opposes(earlier, action)) break;
            if (!touches(earlier, action)) continue;
            if (earlier.meaning.verb == action.meaning.verb && within(action, earlier)) {
                runs_as_[i] = *before;
                return;
            }
            const bool needless = action.meaning.verb == ServiceVerb::restart &&
                                  part_of_a_restart(earlier.meaning.verb) && within(earlier, action);
            if (!needless) break;
            runs_as_[*before] = i;
            before = kept_.erase(before);
        }
        kept_.push_back(i);
    }

    const std::vector<const Action*>& asked_;
    std::vector<std::size_t> runs_as_;
    std::vector<std::size_t> kept_; ///< in order
    std::optional<std::size_t> first_reload_, ending_;
    bool units_may_have_changed_ = false; ///< their files, by an action
};

bool acts_on_units(const Action& action) { return sort_of(action) == Sort::units; }

/// The first action on units comes before any daemon-reload.
bool lacks_reload(const std::vector<Action*>& asked) {
    for (const std::size_t i : plan_actions({asked.begin(), asked.end()}).order) {
        if (sort_of(*asked[i]) == Sort::reload) return false;
        if (acts_on_units(*asked[i])) return true;
    }
    return false;
}

void insert_reload(std::vector<ModuleReport>& modules) {
    for (ModuleReport& module : modules) {
        const auto first = std::find_if(module.actions.begin(), module.actions.end(), acts_on_units);
        if (first == module.actions.end()) continue;
        Action reload;
        reload.argv = {"systemctl", "daemon-reload"};
        reload.meaning.verb = ServiceVerb::daemon_reload;
        module.actions.insert(first, std::move(reload));
        return;
    }
}

} // namespace

ActionPlan plan_actions(const std::vector<const Action*>& asked) { return Planner{asked}.plan(); }

bool ends_machine(const Action& action) { return sort_of(action) == Sort::ending; }

bool is_unit_file(std::string_view path) {
    constexpr std::string_view units = "/systemd/system/", scripts = "/etc/init.d/";
    const std::size_t at = path.find(units);
    if (at != std::string_view::npos && path.size() > at + units.size()) return true;
    return path.starts_with(scripts) && path.size() > scripts.size();
}

std::vector<Action*> actions_of(std::vector<ModuleReport>& modules) {
    std::vector<Action*> all;
    for (ModuleReport& module : modules)
        for (Action& action : module.actions) all.push_back(&action);
    return all;
}

void conclude_actions(std::vector<ModuleReport>& modules, bool reload_units) {
    if (reload_units && lacks_reload(actions_of(modules))) insert_reload(modules);
    const std::vector<Action*> asked = actions_of(modules);
    const ActionPlan plan = plan_actions({asked.begin(), asked.end()});
    for (std::size_t i = 0; i < asked.size(); ++i) asked[i]->repeated = plan.runs_as[i] != i;
}

} // namespace disco::model
