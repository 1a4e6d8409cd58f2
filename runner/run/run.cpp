#include "runner/run/run.hpp"

#include "runner/run/machine_end.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <memory>

#include <spdlog/spdlog.h>

namespace disco::run {
namespace {

/// What is logged bears the run's id and its node as the name of its log: "RUN NODE".
class LogOfRun {
public:
    explicit LogOfRun(const model::RunReport& run) : usual_{spdlog::default_logger()} {
        spdlog::set_default_logger(usual_->clone(run.id + " " + run.node));
    }
    ~LogOfRun() { spdlog::set_default_logger(usual_); }
    LogOfRun(const LogOfRun&) = delete;
    LogOfRun& operator=(const LogOfRun&) = delete;
    LogOfRun(LogOfRun&&) = delete;
    LogOfRun& operator=(LogOfRun&&) = delete;

private:
    std::shared_ptr<spdlog::logger> usual_;
};

} // namespace

Result carry_out(const CommonOptions& options, const StateDirectory& state, const std::string& command,
                 model::RunMode mode, const std::function<void(const Run&)>& work) {
    const Stopwatch watch;
    Scratch scratch{state};
    Result result{begin_report(command, options, mode, node_name(options)),
                  std::make_unique<report::ChangeLog>(scratch.path())};
    const LogOfRun log{result.run};
    spdlog::info("run {} begins: {}, {}, on '{}'", result.run.id, command, model::to_string(mode),
                 sys::printable(result.run.root));
    try {
        work({state, scratch, result});
    } catch (const sys::Error& error) {
        note_failure(result.run, error);
    }
    conclude(result, options, watch, state);
    spdlog::info("run {} ends: {}, exit code {}", result.run.id, model::to_string(result.run.outcome),
                 model::to_int(result.run.exit_code));
    end_machine(result, options, state);
    return result;
}

} // namespace disco::run
