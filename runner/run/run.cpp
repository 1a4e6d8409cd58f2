#include "runner/run/run.hpp"

#include "runner/fetch/known_secrets.hpp"
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

/// A run that knows none of them shows no content: none of theirs then. What it is about goes on all the
/// same, as an undo must not fail for want of a key.
fetch::StoredSecrets learn_secrets(Result& result, const StateDirectory& state,
                                   fetch::Decryption& decryption) {
    model::SecretMask mask;
    fetch::StoredSecrets known;
    try {
        known = fetch::add_known_secrets(mask, state.path(), result.run.node, decryption);
    } catch (const sys::Interrupted&) {
        throw;
    } catch (const sys::Error& error) {
        result.unknown_secrets = error.full_text();
        mask.hide_all();
    }
    result.keep_out(std::move(mask));
    return known;
}

} // namespace

Result carry_out(const CommonOptions& options, const StateDirectory& state, const std::string& command,
                 model::RunMode mode, const std::function<void(const Run&)>& work) {
    const Stopwatch watch;
    Scratch scratch{state};
    Result result{begin_report(command, options, mode, node_name(options)),
                  std::make_unique<report::ChangeLog>(scratch.path())};
    if (options.show_secrets) result.plain_changes = std::make_unique<report::ChangeLog>(scratch.path());
    fetch::Decryption decryption{[&] {
        return decrypt_commands(fetch::ParameterStore{state.path(), result.run.node}.local().tree);
    }};
    const LogOfRun log{result.run};
    spdlog::info("run {} begins: {}, {}, on '{}'", result.run.id, command, model::to_string(mode),
                 sys::printable(result.run.root));
    try {
        const fetch::StoredSecrets known = learn_secrets(result, state, decryption);
        options.progress->knows_secrets(result.mask);
        work({state, scratch, result, decryption, known});
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
