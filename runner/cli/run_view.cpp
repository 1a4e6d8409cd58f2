#include "runner/cli/run_view.hpp"

#include "runner/cli/log.hpp"
#include "runner/cli/result_entries.hpp"
#include "runner/sys/heartbeat.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/printable_line.hpp"

#include <utility>

#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {

RunView::RunView(const Output& output)
    : output_{output},
      stream_{output.detail == report::Detail::quiet},
      people_{people_of(output)},
      report_{text_style(output, people_of(output)), [this](std::string_view text) { write(text); }} {
    if (output.detail == report::Detail::quiet || !obeys_controls(STDERR_FILENO)) return;
    live_.emplace(stream_.writer());
    sys::set_heartbeat([this] { live_->draw(); });
    before_log([this] { live_->erase(); });
}

RunView::~RunView() {
    sys::set_heartbeat({});
    before_log({});
}

void RunView::knows_secrets(const model::SecretMask& mask) {
    SecretKeeper::knows_secrets(mask);
    end_printed();
    if (output_.show_secrets) return;
    masked_ = model::MaskedStream{mask};
    mask_ = mask;
    stream_.keep_out(mask);
}

void RunView::work_begins(std::string_view what) {
    if (live_) live_->show(sys::printable_line(mask_.masked(what)));
}

void RunView::is_ordered(const model::RunReport& run, const std::vector<std::string>& modules) {
    count_ = modules.size();
    report_.begin(run, modules);
    flush();
}

void RunView::module_begins(const std::string& name) {
    module_ = name;
    ++number_;
    show_step("");
}

void RunView::step_begins(const std::string& name) { show_step(name); }

void RunView::show_step(const std::string& step) {
    if (!live_) return;
    std::string text = fmt::format("[{}/{}] {}", number_, count_, sys::printable(module_));
    if (!step.empty()) text += "  " + sys::printable(mask_.masked(step));
    live_->show(std::move(text));
}

void RunView::module_ends(const model::RunReport& run, const model::ModuleReport& module,
                          const report::ChangeLog& changes) {
    if (module.outcome == model::ModuleOutcome::skipped) ++number_;
    end_printed();
    stream_.end_line();
    report_.add(run, module, changes);
    flush();
}

void RunView::pass(std::string_view module, std::string_view bytes) {
    if (module != printing_) end_printed();
    printing_ = module;
    show_printed(module, masked_.pass(bytes));
}

void RunView::end_printed() {
    if (const std::string rest = masked_.end(); !rest.empty()) show_printed(printing_, rest);
}

void RunView::show_printed(std::string_view module, std::string_view bytes) {
    if (!live_) return stream_.pass(module, bytes);
    if (output_.detail == report::Detail::verbose) {
        live_->erase();
        return stream_.pass(module, bytes);
    }
    printed_ += bytes;
    const std::size_t end = printed_.find_last_of("\r\n");
    constexpr std::size_t longest = 8192; // a program may never end its line
    if (end == std::string::npos) {
        if (printed_.size() > longest) printed_.erase(0, printed_.size() - longest);
        return;
    }
    const std::string_view ended = std::string_view{printed_}.substr(0, end);
    const std::size_t last = ended.find_last_not_of("\r\n");
    if (last != std::string_view::npos) {
        const std::size_t before = ended.find_last_of("\r\n", last);
        const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
        live_->set_printed(sys::printable_text(ended.substr(begin, last + 1 - begin)));
    }
    printed_.erase(0, end + 1);
}

void RunView::pause() {
    end_printed();
    stream_.flush();
    if (live_) live_->erase();
}

void RunView::show_all(const run::Result& result) {
    pause();
    const run::Seen shown = run::shown(result);
    if (!report_.has_ended())
        report_.end(*shown.run, shown.changes);
    else if (shown_ != std::pair{result.run.outcome, result.run.exit_code})
        report_.sum_up(*shown.run);
    shown_ = {result.run.outcome, result.run.exit_code};
    flush();
    people_.finish();
}

void RunView::print_result(const run::Result& result) {
    write_reports(result, output_);
    const model::RunReport& run = result.run;
    if (!run.modules.empty() || run.failure.empty()) return show_all(result);
    pause(); // nothing came to an end: there is no report, only a reason
    write_log(LogLevel::error,
              run.outcome == model::RunOutcome::interrupted
                  ? fmt::format("{}; nothing was merged (run {})", run.failure, run.id)
                  : run.failure,
              fields_of_result(run));
}

/// Few, large writes.
void RunView::write(std::string_view text) {
    text_ += text;
    if (text_.size() >= 65536) flush();
}

void RunView::flush() {
    if (text_.empty()) return;
    if (live_) live_->erase();
    people_.write(std::exchange(text_, {}));
}

} // namespace disco::cli
