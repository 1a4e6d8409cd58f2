#include "runner/report/stored_report.hpp"

#include "runner/report/json_values.hpp"
#include "runner/report/recorded_change.hpp"
#include "runner/report/stored_heading.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable_line.hpp"

#include <cerrno>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

using nlohmann::json;

std::string text_or_empty(const json& value) {
    return value.is_null() ? std::string{} : value.get<std::string>();
}

model::Step parse_step(const json& value) {
    model::Step step;
    step.phase = parse_word<model::Phase>(value.at("phase"));
    step.name = value.at("name");
    step.profile = parse_word<model::Profile>(value.at("profile"));
    step.exit = value.at("exit");
    step.signal = value.at("signal");
    step.wall_s = value.at("wall_s");
    step.usage = {.user_s = value.at("user_s"),
                  .sys_s = value.at("sys_s"),
                  .max_rss_kib = value.at("max_rss_kib"),
                  .minor_faults = value.at("minor_faults"),
                  .major_faults = value.at("major_faults"),
                  .blocks_in = value.at("blocks_in"),
                  .blocks_out = value.at("blocks_out"),
                  .switches_voluntary = value.at("switches_voluntary"),
                  .switches_involuntary = value.at("switches_involuntary")};
    step.output = value.at("output");
    return step;
}

struct ChangesOfModule {
    std::size_t first = 0; ///< index in the ChangeLog
    decltype(model::ModuleReport::change_counts) counts = {};
};

/// Takes the changes out of a report while it is read, so that memory holds one at a time.
class ChangeTaker {
public:
    explicit ChangeTaker(ChangeLog& changes) : changes_{changes} {}

    /// A parser_callback_t: what it returns false for is left out of the document.
    bool operator()(int depth, json::parse_event_t event, const json& value) {
        using Event = json::parse_event_t;
        // {key: [{key: [{…}]}]} begins at these depths: 0, 1, 2, 3, 4.
        if (event == Event::key && depth == 1) key_ = value;
        if (event == Event::key && depth == 3) module_key_ = value;
        if (event == Event::value && depth == 1 && key_ == "schema") check_schema(value);
        if (key_ != "modules") return true;
        if (event == Event::object_start && depth == 2) modules_.push_back({changes_.size(), {}});
        if (event != Event::object_end || depth != 4 || module_key_ != "changes") return true;
        const RecordedChange change = change_of(value);
        ++modules_.back().counts.at(static_cast<std::size_t>(change.kind));
        changes_.append(change);
        return false;
    }

    [[nodiscard]] const std::vector<ChangesOfModule>& modules() const { return modules_; }

private:
    ChangeLog& changes_;
    std::vector<ChangesOfModule> modules_;
    std::string key_, module_key_;
};

model::ModuleReport parse_module(const json& value, const ChangesOfModule& changes) {
    model::ModuleReport module;
    module.name = value.at("name");
    module.outcome = parse_word<model::ModuleOutcome>(value.at("outcome"));
    module.reason = text_or_empty(value.at("reason"));
    module.comes_after = value.value("requires", module.comes_after); // not in reports of the first versions
    for (const json& step : value.at("steps")) module.steps.push_back(parse_step(step));
    module.first_change = changes.first;
    module.change_counts = changes.counts;
    if (!value.at("changes").empty()) throw sys::BadConfiguration{"a change in it is no object"};
    for (const json& notice : value.at("notices"))
        module.notices.push_back({parse_word<model::NoticeKind>(notice.at("kind")), notice.at("text"),
                                  notice.at("argv"), notice.at("step")});
    for (const json& stored : value.at("actions")) {
        model::Action action;
        action.argv = stored.at("argv");
        action.outcome = parse_word<model::ActionOutcome>(stored.at("outcome"));
        action.exit = stored.at("exit");
        action.repeated = stored.value("repeated", false); // not in reports of the first versions
        module.actions.push_back(std::move(action));
    }
    if (const auto packages = value.find("packages"); packages != value.end()) // likewise
        for (const json& package : *packages)
            module.packages.push_back({package.at("name"), text_or_empty(package.at("before")),
                                       text_or_empty(package.at("after"))});
    return module;
}

StoredReport parse_report(std::istream& text, const std::filesystem::path& scratch) {
    StoredReport stored{{}, ChangeLog{scratch}};
    ChangeTaker taker{stored.changes};
    const json value = json::parse(text, std::ref(taker));
    if (!value.contains("schema")) // is one that is known, if it is there
        throw sys::BadConfiguration{"it is damaged, or no report of disco: it names no schema"};
    model::RunReport& run = stored.run;
    run = parse_heading(value.at("run"));
    run.fingerprint = sys::printable_line(value.at("fingerprint").get_ref<const std::string&>());
    for (const json& step : value.at("metrics")) run.metrics.push_back(parse_step(step));
    const json& modules = value.at("modules");
    if (modules.size() != taker.modules().size()) throw sys::BadConfiguration{"a module in it is no object"};
    for (std::size_t i = 0; i < modules.size(); ++i)
        run.modules.push_back(parse_module(modules[i], taker.modules()[i]));
    const json& merge = value.at("merge");
    run.merge.steps = merge.at("steps");
    for (const json& conflict : merge.at("conflicts"))
        run.merge.conflicts.push_back(
            {bytes_of_name(conflict.at("path").get_ref<const std::string&>()),
             sys::printable_line(conflict.at("expected").get_ref<const std::string&>()),
             conflict.at("found")});
    if (const auto kept = merge.find("kept"); kept != merge.end()) // not in reports of the first versions
        for (const json& path : *kept)
            run.merge.kept.push_back(bytes_of_name(path.get_ref<const std::string&>()));
    run.merge.undo = text_or_empty(merge.at("undo"));
    return stored;
}

} // namespace

StoredReport load_report(const std::filesystem::path& file, const std::filesystem::path& scratch) {
    return sys::while_doing(fmt::format("reading the report '{}'", sys::printable(file.string())), [&] {
        try {
            ReportText text{file};
            return parse_report(text.stream(), scratch);
        } catch (const json::exception& error) {
            throw sys::BadConfiguration{fmt::format("it is damaged: {}", error.what())};
        }
    });
}

} // namespace disco::report
