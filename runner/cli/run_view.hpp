#pragma once

#include "runner/cli/console.hpp"
#include "runner/cli/live_line.hpp"
#include "runner/cli/secret_keeper.hpp"
#include "runner/model/masked_stream.hpp"
#include "runner/report/text_report.hpp"
#include "runner/run/run_record.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace disco::cli {

/// What a person sees of a dance while it goes on: on a terminal a live line, elsewhere what scripts print;
/// and the report, module by module.
class RunView : public SecretKeeper {
public:
    /// `output`: borrowed.
    explicit RunView(const Output& output);
    ~RunView() override;

    void knows_secrets(const model::SecretMask& mask) override;
    void work_begins(std::string_view what) override;
    void is_ordered(const model::RunReport& run, const std::vector<std::string>& modules) override;
    void module_begins(const std::string& name) override;
    void step_begins(const std::string& name) override;
    void module_ends(const model::RunReport& run, const model::ModuleReport& module,
                     const report::ChangeLog& changes) override;

    /// What scripts print; see OutputStream.
    void pass(std::string_view module, std::string_view bytes);
    [[nodiscard]] sys::PatientWriter& writer() noexcept { return stream_.writer(); }

    /// The rest of the report; when that is there already, what else became of the run since.
    void show_all(const run::Result& result);
    /// Writes the reports for programs, and shows what people have not seen yet. Throws sys::Error when one
    /// cannot be written.
    void print_result(const run::Result& result);

private:
    void show_printed(std::string_view module, std::string_view bytes);
    /// What was kept back of the output, as a secret might have begun in it.
    void end_printed();
    /// Before something else is written to the terminal. Waits until all is written.
    void pause();
    void write(std::string_view text);
    /// Does not wait for people to take it: the run goes on.
    void flush();
    void show_step(const std::string& step);

    const Output& output_;
    OutputStream stream_;
    sys::PatientWriter people_;    ///< to where the report goes
    std::optional<LiveLine> live_; ///< after the stream, whose writer it uses
    report::TextReport report_;
    std::pair<model::RunOutcome, model::ExitCode> shown_{}; ///< what the report ends with
    std::string text_;                                      ///< of the report, not written yet
    std::string printed_;                                   ///< the line that a script is printing
    model::SecretMask mask_;
    model::MaskedStream masked_; ///< what scripts print
    std::string printing_;       ///< the module that last printed
    std::string module_;
    std::size_t count_ = 0, number_ = 0; ///< of modules
};

} // namespace disco::cli
