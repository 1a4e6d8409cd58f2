#include "runner/report/stored_report.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <array>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

using nlohmann::json;

/// The value whose word this is: the same words as are written, so there is no second table.
template <class Value, std::size_t Count>
Value parse_word(const json& word, const std::array<Value, Count>& values) {
    const auto text = word.is_null() ? std::string{} : word.get<std::string>();
    for (const Value value : values)
        if (text == to_string(value)) return value;
    throw sys::BadConfiguration{fmt::format("the word '{}' is not known", text)};
}

using model::Profile, model::Phase, model::NoticeKind, model::ModuleOutcome, model::RunOutcome,
    model::ActionOutcome, model::ChangeKind, model::RunMode;
constexpr std::array modes = {RunMode::noop, RunMode::live};
constexpr std::array profiles = {Profile::strict, Profile::simulate, Profile::live, Profile::template_,
                                 Profile::none};
constexpr std::array phases = {Phase::fetch, Phase::files, Phase::template_, Phase::script, Phase::shell,
                               Phase::diff,  Phase::check, Phase::action,    Phase::merge};
constexpr std::array notice_kinds = {NoticeKind::would_execute, NoticeKind::refused,
                                     NoticeKind::restricted,    NoticeKind::left_running,
                                     NoticeKind::copied_shim,   NoticeKind::network};
constexpr std::array module_outcomes = {ModuleOutcome::in_sync, ModuleOutcome::changed, ModuleOutcome::failed,
                                        ModuleOutcome::skipped};
constexpr std::array run_outcomes = {RunOutcome::in_sync,    RunOutcome::pending,  RunOutcome::merged,
                                     RunOutcome::failed,     RunOutcome::conflict, RunOutcome::undone,
                                     RunOutcome::interrupted};
constexpr std::array action_outcomes = {ActionOutcome::pending, ActionOutcome::done, ActionOutcome::failed};
constexpr std::array change_kinds = {ChangeKind::created, ChangeKind::modified, ChangeKind::deleted,
                                     ChangeKind::metadata, ChangeKind::replaced};

std::string text_or_empty(const json& value) {
    return value.is_null() ? std::string{} : value.get<std::string>();
}

model::Step parse_step(const json& value) {
    model::Step step;
    step.phase = parse_word(value.at("phase"), phases);
    step.name = value.at("name");
    step.profile = parse_word(value.at("profile"), profiles);
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

model::ModuleReport parse_module(const json& value, ChangeLog& changes) {
    model::ModuleReport module;
    module.name = value.at("name");
    module.outcome = parse_word(value.at("outcome"), module_outcomes);
    module.reason = text_or_empty(value.at("reason"));
    for (const json& step : value.at("steps")) module.steps.push_back(parse_step(step));
    module.first_change = changes.size();
    for (const json& change : value.at("changes")) {
        ++module.change_counts[static_cast<std::size_t>(parse_word(change.at("kind"), change_kinds))];
        changes.append_json(change.dump());
    }
    for (const json& notice : value.at("notices"))
        module.notices.push_back({parse_word(notice.at("kind"), notice_kinds), notice.at("text"),
                                  notice.at("argv"), notice.at("step")});
    for (const json& action : value.at("actions"))
        module.actions.push_back(
            {action.at("argv"), parse_word(action.at("outcome"), action_outcomes), action.at("exit")});
    return module;
}

StoredReport parse_report(const json& value, const std::filesystem::path& scratch) {
    if (value.at("schema") != 1)
        throw sys::BadConfiguration{
            fmt::format("its schema is {}, this version reads 1", value.at("schema").dump())};
    StoredReport stored{{}, ChangeLog{scratch}};
    model::RunReport& run = stored.run;
    const json& head = value.at("run");
    run.id = head.at("id");
    run.node = head.at("node");
    run.mode = parse_word(head.at("mode"), modes);
    run.root = head.at("root");
    run.command = head.value("command", run.command); // not in reports of the first versions
    run.started = head.at("started");
    run.wall_s = head.at("wall_s");
    run.outcome = parse_word(head.at("outcome"), run_outcomes);
    run.exit_code = head.at("exit_code");
    run.version = head.at("disco_version");
    run.failure = text_or_empty(head.at("failure"));
    run.fingerprint = value.at("fingerprint");
    for (const json& step : value.at("metrics")) run.metrics.push_back(parse_step(step));
    for (const json& module : value.at("modules"))
        run.modules.push_back(parse_module(module, stored.changes));
    const json& merge = value.at("merge");
    run.merge.steps = merge.at("steps");
    for (const json& conflict : merge.at("conflicts"))
        run.merge.conflicts.push_back({conflict.at("path"), conflict.at("expected"), conflict.at("found")});
    run.merge.undo = text_or_empty(merge.at("undo"));
    return stored;
}

} // namespace

StoredReport load_report(const std::filesystem::path& file, const std::filesystem::path& scratch) {
    return sys::while_doing(fmt::format("reading the report '{}'", file.string()), [&] {
        try {
            return parse_report(json::parse(sys::read_file(file)), scratch);
        } catch (const json::exception& error) {
            throw sys::BadConfiguration{fmt::format("it is damaged: {}", error.what())};
        }
    });
}

} // namespace disco::report
