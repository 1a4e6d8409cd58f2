#include "runner/report/json_report.hpp"

#include "runner/report/json_heading.hpp"
#include "runner/report/json_members.hpp"
#include "runner/report/json_values.hpp"
#include "runner/sys/json_string.hpp"

#include <fmt/format.h>

namespace disco::report {
namespace {

/// Collects pieces and passes them on in large ones.
class Writer {
public:
    explicit Writer(const std::function<void(std::string_view)>& write) : write_{write} {}
    [[nodiscard]] std::string& text() { return text_; }
    void pass_on(std::size_t threshold = 65536) {
        if (text_.size() < threshold || text_.empty()) return;
        write_(text_);
        text_.clear();
    }

private:
    const std::function<void(std::string_view)>& write_;
    std::string text_;
};

/// `"name":[…]` of values that `append` writes.
template <class List, class Append>
void append_list(Writer& writer, const char* name, const List& list, const Append& append) {
    writer.text() += fmt::format("\"{}\":[", name);
    bool first = true;
    for (const auto& value : list) {
        if (!first) writer.text() += ",\n";
        first = false;
        append(writer.text(), value);
        writer.pass_on();
    }
    writer.text() += ']';
}

void write_module(Writer& writer, const model::ModuleReport& module, const ChangeLog& changes,
                  Contents contents) {
    std::string& out = writer.text();
    out += '{';
    append_member(out, "name", module.name);
    append_member(out, "outcome", model::to_string(module.outcome));
    append_member_unless_empty(out, "reason", module.reason);
    append_member(out, "requires", module.comes_after);
    out += ",\n";
    append_list(writer, "steps", module.steps, append_step);
    out += ",\n\"changes\":[";
    bool first = true;
    const auto add = [&](std::string_view json) {
        if (!first) out += ",\n";
        first = false;
        out += json;
        writer.pass_on();
    };
    changes.for_each_json(module.first_change, module.changes(), add, contents);
    out += "],\n";
    append_list(writer, "notices", module.notices, append_notice);
    out += ",\n";
    append_list(writer, "actions", module.actions, append_action);
    out += ",\n";
    append_list(writer, "packages", module.packages, append_package);
    out += '}';
}

} // namespace

void write_json_report(const model::RunReport& run, const ChangeLog& changes, Contents contents,
                       const std::function<void(std::string_view)>& write) {
    Writer writer{write};
    std::string& out = writer.text();
    out += "{\"schema\":1,";
    append_run(out, run);
    out += ",\n";
    append_counts(out, counts_of(run));
    out += ",\n\"fingerprint\":";
    sys::append_json_string(out, run.fingerprint);
    out += ",\n";
    append_list(writer, "metrics", run.metrics, append_step);
    out += ",\n\"modules\":[";
    for (const model::ModuleReport& module : run.modules) {
        if (&module != &run.modules.front()) out += ",\n";
        write_module(writer, module, changes, contents);
    }
    out += fmt::format("],\n\"merge\":{{\"steps\":{},", run.merge.steps);
    append_list(writer, "conflicts", run.merge.conflicts, append_conflict);
    out += ',';
    append_list(writer, "kept", run.merge.kept, [](std::string& text, const std::string& path) {
        sys::append_json_string(text, json_name(path));
    });
    out += ",\"undo\":";
    if (run.merge.undo.empty())
        out += "null";
    else
        sys::append_json_string(out, run.merge.undo);
    out += "}}\n";
    writer.pass_on(0);
}

} // namespace disco::report
