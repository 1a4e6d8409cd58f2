#include "runner/run/run.hpp"

#include "runner/run/machine_end.hpp"
#include "runner/sys/error.hpp"

namespace disco::run {

Result carry_out(const CommonOptions& options, const StateDirectory& state, const std::string& command,
                 model::RunMode mode, const std::function<void(const Run&)>& work) {
    const Stopwatch watch;
    Scratch scratch{state};
    Result result{begin_report(command, options, mode, node_name(options)),
                  std::make_unique<report::ChangeLog>(scratch.path())};
    try {
        work({state, scratch, result});
    } catch (const sys::Error& error) {
        note_failure(result.run, error);
    }
    conclude(result, options, watch, state);
    end_machine(result, options, state);
    return result;
}

} // namespace disco::run
