#include "runner/report/stored_heading.hpp"

namespace disco::report {

void check_schema(const nlohmann::json& schema) {
    if (schema != 1)
        throw sys::BadConfiguration{fmt::format("its schema is {}, this version reads 1", schema.dump())};
}

model::RunReport parse_heading(const nlohmann::json& heading) {
    model::RunReport run;
    run.id = heading.at("id");
    run.node = heading.at("node");
    run.mode = parse_word<model::RunMode>(heading.at("mode"));
    run.root = heading.at("root");
    run.command = heading.value("command", run.command); // not in reports of the first versions
    run.started = heading.at("started");
    run.wall_s = heading.at("wall_s");
    run.outcome = parse_word<model::RunOutcome>(heading.at("outcome"));
    run.exit_code = model::ExitCode{heading.at("exit_code").get<int>()};
    run.version = heading.at("disco_version");
    if (const nlohmann::json& failure = heading.at("failure"); !failure.is_null()) run.failure = failure;
    return run;
}

} // namespace disco::report
