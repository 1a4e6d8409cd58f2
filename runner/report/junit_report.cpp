#include "runner/report/junit_report.hpp"

#include "runner/report/report_words.hpp"
#include "runner/report/text_listing.hpp"
#include "runner/report/text_sum.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/printable_line.hpp"
#include "runner/sys/text_lines.hpp"

#include <cstddef>
#include <string>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace disco::report {
namespace {

/// Of a long list its beginning: the JSON report has all.
constexpr std::size_t most_listed = 1000;

/// XML has no escape for control characters, and a terminal may show the file: each line as in a text report.
std::string printable_lines(std::string_view text) {
    std::string out;
    for (const std::string_view line : sys::lines_of(text))
        out += sys::printable_text(sys::line_at_its_end(line)) + "\n";
    return out;
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
    node.append_attribute(name).set_value(value.c_str());
}
void set_seconds(pugi::xml_node node, double seconds) { set(node, "time", fmt::format("{:.3f}", seconds)); }
void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
    if (!text.empty()) parent.append_child(name).text().set(text.c_str());
}

/// Passes on what pugixml writes.
class Pieces final : public pugi::xml_writer {
public:
    explicit Pieces(const std::function<void(std::string_view)>& write) : write_{write} {}
    void write(const void* data, std::size_t size) override {
        write_({static_cast<const char*>(data), size});
    }

private:
    const std::function<void(std::string_view)>& write_;
};

class Suite {
public:
    Suite(const model::RunReport& run, const ChangeLog& changes)
        : run_{run},
          changes_{changes},
          all_{document_.append_child("testsuites")},
          suite_{all_.append_child("testsuite")} {}

    void write(const std::function<void(std::string_view)>& write) {
        set(suite_, "name", sys::printable(run_.node));
        const auto totals = [&](pugi::xml_node node) {
            set(node, "tests", std::to_string(tests_));
            set(node, "failures", std::to_string(failures_));
            set(node, "errors", "0");
            set(node, "skipped", std::to_string(skipped_));
            set_seconds(node, run_.wall_s);
        };
        properties();
        the_run();
        for (const model::ModuleReport& module : run_.modules) add_module(module);
        set(all_, "name", run_.command);
        totals(all_);
        totals(suite_);
        set(suite_, "timestamp", run_.started.substr(0, 19)); // JUnit's has no time zone; it is UTC
        set(suite_, "hostname", sys::printable(run_.node));
        Pieces pieces{write};
        document_.save(pieces, "  ");
    }

private:
    void properties() {
        pugi::xml_node properties = suite_.append_child("properties");
        const auto add = [&](const char* name, const std::string& value) {
            pugi::xml_node property = properties.append_child("property");
            set(property, "name", name);
            set(property, "value", value);
        };
        add("run", run_.id);
        add("mode", model::to_string(run_.mode));
        add("root", sys::printable(run_.root));
        add("outcome", model::to_string(run_.outcome));
        add("exit_code", std::to_string(model::to_int(run_.exit_code)));
        add("fingerprint", run_.fingerprint);
        add("disco_version", run_.version);
    }

    pugi::xml_node add_case(std::string_view kind, const std::string& name, double seconds) {
        ++tests_;
        pugi::xml_node one = suite_.append_child("testcase");
        set(one, "classname", fmt::format("{}.{}", sys::printable(run_.node), kind));
        set(one, "name", sys::printable_line(name));
        set_seconds(one, seconds);
        return one;
    }
    void fail(pugi::xml_node one, const std::string& message, const std::string& text) {
        ++failures_;
        pugi::xml_node failure = one.append_child("failure");
        set(failure, "message", sys::printable_line(message));
        set(failure, "type", model::to_string(run_.outcome));
        failure.text().set(text.c_str());
    }

    /// What no module is to blame for.
    void the_run() {
        const pugi::xml_node one = add_case("run", run_.command, seconds_of(run_.metrics));
        std::string text = printable_lines(run_.failure);
        std::size_t listed = 0;
        for (const model::Conflict& conflict : run_.merge.conflicts) {
            if (++listed > most_listed) break;
            text += fmt::format("{}: expected {}, found: {}\n", shown_name(conflict.path),
                                sys::printable_line(conflict.expected), sys::printable_line(conflict.found));
        }
        if (run_.merge.conflicts.size() > most_listed)
            text += fmt::format("and {} more\n", run_.merge.conflicts.size() - most_listed);
        const bool failed = !run_.failure.empty() || !run_.merge.conflicts.empty();
        if (failed) fail(one, run_.failure.empty() ? sum_in_words(run_) : run_.failure, text);
        add_text(one, "system-out", sum_in_words(run_) + "\n");
    }

    void add_module(const model::ModuleReport& module) {
        double seconds = 0;
        std::string printed;
        for (const model::Step& step : module.steps) {
            if (follows_up(step)) continue;
            seconds += step.wall_s;
            printed += printable_lines(step.output);
        }
        pugi::xml_node one = add_case("module", title_of(module), seconds);
        if (module.outcome == model::ModuleOutcome::failed) fail(one, module.reason, printed);
        if (module.outcome == model::ModuleOutcome::skipped) {
            ++skipped_;
            pugi::xml_node skipped = one.append_child("skipped");
            set(skipped, "message", sys::printable_line(module.reason));
        }
        add_text(one, "system-out", changes_in_words(module));
        if (module.outcome != model::ModuleOutcome::failed) add_text(one, "system-err", printed);
        for (const model::Step& step : module.steps)
            if (follows_up(step)) add_followup(module, step);
    }

    void add_followup(const model::ModuleReport& module, const model::Step& step) {
        const pugi::xml_node one =
            add_case(model::to_string(step.phase),
                     module.name.empty() ? step.name : module.name + ": " + step.name, step.wall_s);
        const std::string printed = printable_lines(step.output);
        if (step.signal != 0)
            fail(one, fmt::format("ended by signal {}", step.signal), printed);
        else if (step.exit != 0)
            fail(one, fmt::format("exited with {}", step.exit), printed);
        else
            add_text(one, "system-out", printed);
    }

    [[nodiscard]] std::string changes_in_words(const model::ModuleReport& module) const {
        if (module.outcome == model::ModuleOutcome::failed) return {};
        std::string text;
        write_listing(module, changes_, {}, [&](std::string_view piece) { text += piece; });
        for (const model::Action& action : module.actions)
            if (!action.repeated) text += fmt::format("    {}\n", action_in_words(action, run_.mode));
        return text;
    }

    const model::RunReport& run_;
    const ChangeLog& changes_;
    pugi::xml_document document_;
    pugi::xml_node all_, suite_;
    std::size_t tests_ = 0, failures_ = 0, skipped_ = 0;
};

} // namespace

void write_junit_report(const model::RunReport& run, const ChangeLog& changes, Contents /*contents*/,
                        const std::function<void(std::string_view)>& write) {
    Suite{run, changes}.write(write);
}

} // namespace disco::report
