#include "runner/report/html_sections.hpp"

#include "runner/report/change_outline.hpp"
#include "runner/report/html_diff.hpp"
#include "runner/report/html_words.hpp"
#include "runner/report/report_summary.hpp"
#include "runner/report/text_changes.hpp"
#include "runner/sys/time_text.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace disco::report {
namespace {

using model::ModuleOutcome;

void write_details(HtmlWriter& html, Markup css, bool open) {
    html.markup("<details class=\"")
        .markup(css)
        .markup(open ? Markup{"\" open><summary>"} : Markup{"\"><summary>"});
}

/// One line: what became of what, and how.
void write_line(HtmlWriter& html, const RecordedChange& change, const DiffSize* diff) {
    html.markup("<b>")
        .markup(look_of(change.kind).symbol)
        .markup(" ")
        .line(model::to_string(change.kind))
        .markup("</b> <code>")
        .name(change.path)
        .markup("</code>");
    std::string said = change_in_words(change);
    if (change.binary) said += said.empty() ? "binary" : ", binary";
    if (!said.empty()) html.markup(" <span class=\"w\">").line(said).markup("</span>");
    if (change.redacted && change.diff.empty())
        html.markup(" <span class=\"w\">content not shown (not for all to read)</span>");
    if (diff != nullptr && diff->counted)
        html.markup(" <span class=\"w\">+")
            .number(diff->added)
            .markup(" −")
            .number(diff->removed)
            .markup("</span>");
}

/// How differences are shown at first, by the number of changes. `later`: what is folded is text to the
/// browser until it is opened, and the script makes elements of it then (report.js). What is text has no such
/// parts.
enum class Diffs { open, folded, later };

/// The rows of one group.
class Rows {
public:
    Rows(HtmlWriter& html, const ChangeLog& changes, Contents contents, const OutlineGroup& group,
         Diffs diffs)
        : html_{html}, changes_{changes}, contents_{contents}, group_{group}, diffs_{diffs} {}

    void write() {
        html_.markup("<ul class=\"changes\">\n");
        for (at_ = 0; at_ < group_.changes.size(); ++at_) {
            while (!ends_.empty() && ends_.back() == at_) close_directory();
            changes_.for_each_json(
                group_.changes[at_], 1, [&](std::string_view json) { write_row(read_change(json)); },
                contents_);
        }
        while (!ends_.empty()) close_directory();
        html_.markup("</ul>\n");
    }

private:
    void write_row(const RecordedChange& change) {
        // Not where that is little, or the page would nest too deeply.
        constexpr std::size_t fewest = 4, deepest = 16;
        const std::size_t below = is_whole_directory(change) ? group_.below[directories_++] : 0;
        const bool folds = below >= fewest && ends_.size() < deepest;
        const bool plain = change.diff.empty() && !folds;
        html_.markup(plain ? Markup{"<li class=\"row c "} : Markup{"<li class=\"c "});
        html_.markup(look_of(change.kind).colour).markup("\">");
        if (folds) return open_directory(change, below);
        if (plain) {
            write_line(html_, change, nullptr);
            html_.markup("</li>\n");
            return;
        }
        constexpr std::size_t longest_open = 60;
        const DiffSize size = size_of_diff(change.diff);
        write_details(html_, "d", diffs_ == Diffs::open && size.lines <= longest_open);
        write_line(html_, change, &size);
        const bool later = diffs_ == Diffs::later && ends_.empty();
        html_.markup(later ? Markup{"</summary><noscript>"} : Markup{"</summary>"});
        write_diff(html_, change.diff);
        html_.markup(later ? Markup{"</noscript></details></li>\n"} : Markup{"</details></li>\n"});
    }

    /// Folds what lies in it.
    void open_directory(const RecordedChange& change, std::size_t count) {
        write_details(html_, "fold", false);
        write_line(html_, change, nullptr);
        html_.markup(" <span class=\"w\">")
            .line(counted(count, "change", "changes"))
            .markup(" in it</span></summary>\n");
        if (diffs_ == Diffs::later && ends_.empty()) html_.markup("<noscript>");
        html_.markup("<ul class=\"changes\">\n");
        ends_.push_back(at_ + 1 + count);
    }
    void close_directory() {
        ends_.pop_back();
        html_.markup("</ul>\n");
        if (diffs_ == Diffs::later && ends_.empty()) html_.markup("</noscript>");
        html_.markup("</details></li>\n");
    }

    HtmlWriter& html_;
    const ChangeLog& changes_;
    Contents contents_;
    const OutlineGroup& group_;
    Diffs diffs_;
    std::size_t at_ = 0, directories_ = 0;
    std::vector<std::size_t> ends_; ///< of the directories that are open: where what lies in them ends
};

class Changes {
public:
    Changes(HtmlWriter& html, const model::RunReport& run, const ChangeLog& changes, Contents contents)
        : html_{html}, changes_{changes}, contents_{contents} {
        constexpr std::size_t most_open = 30, most_made = 1000;
        const std::size_t count = counts_of(run).changes;
        diffs_ = count <= most_open ? Diffs::open : count <= most_made ? Diffs::folded : Diffs::later;
    }

    void write_module(const model::ModuleReport& module) {
        constexpr std::size_t most_open = 200;
        const ChangeOutline outline = outline_of(module, changes_);
        const bool discarded = module.outcome == ModuleOutcome::failed;
        write_details(html_, "module",
                      !discarded &&
                          outline.delivered.changes.size() + outline.own.changes.size() <= most_open);
        html_.markup("<h3>").name(title_of(module)).markup("</h3> <span class=\"");
        const Look look = look_of(module.outcome);
        html_.markup(look.colour)
            .markup("\">")
            .markup(look.symbol)
            .markup(" ")
            .line(model::to_string(module.outcome))
            .markup("</span> <span>")
            .line(counts_in_words(module.change_counts))
            .markup("</span>");
        if (!module.steps.empty())
            html_.markup(" <span class=\"took\">")
                .line(sys::duration_in_words(seconds_of(module.steps)))
                .markup("</span>");
        html_.markup("</summary>\n");
        if (discarded)
            html_.markup("<p>What it had changed before it failed; all of it was discarded.</p>\n");
        for (const OutlineGroup* group : {&outline.delivered, &outline.own})
            if (!group->changes.empty()) Rows{html_, changes_, contents_, *group, diffs_}.write();
        write_packages(module.packages, outline.packages);
        if (!outline.manager.changes.empty()) {
            begin_package();
            html_.markup("package manager <span class=\"w\">data base, caches, logs: ");
            write_files(outline.manager);
        }
        html_.markup("</details>\n");
    }

private:
    void begin_package() { write_details(html_, "package", false); }

    /// Ends its line, after what it is; then lists what belongs to it.
    void write_files(const OutlineGroup& group) {
        html_.line(counts_in_words(group.counts)).markup("</span></summary>\n");
        const bool later = diffs_ == Diffs::later;
        if (later) html_.markup("<noscript>");
        Rows{html_, changes_, contents_, group, Diffs::folded}.write();
        if (later) html_.markup("</noscript>");
        html_.markup("</details>\n");
    }

    void write_packages(const std::vector<model::PackageChange>& packages,
                        const std::vector<OutlineGroup>& groups) {
        constexpr std::size_t most_listed = 8;
        const bool folded = packages.size() > most_listed;
        if (folded) {
            std::size_t count = 0;
            for (const OutlineGroup& group : groups) count += group.changes.size();
            begin_package();
            html_.number(packages.size())
                .markup(" packages <span class=\"w\">")
                .line(counted(count, "change", "changes"))
                .markup("</span></summary>\n");
        }
        for (std::size_t i = 0; i < packages.size(); ++i) {
            begin_package();
            html_.markup("package <code>")
                .name(packages[i].name)
                .markup("</code> ")
                .line(versions_in_words(packages[i]))
                .markup(" <span class=\"w\">");
            write_files(groups[i]);
        }
        if (folded) html_.markup("</details>\n");
    }

    HtmlWriter& html_;
    const ChangeLog& changes_;
    Contents contents_;
    Diffs diffs_ = Diffs::folded;
};

void write_tools(HtmlWriter& html) {
    html.markup("<div class=\"tools\" role=\"search\" hidden><label class=\"vh\" for=\"filter\">Filter by "
                "path</label>"
                "<input id=\"filter\" type=\"search\" placeholder=\"Filter by path\" autocomplete=\"off\" "
                "spellcheck=\"false\"> <output for=\"filter\"></output> "
                "<button type=\"button\" value=\"open\">Open all</button> "
                "<button type=\"button\" value=\"close\">Close all</button></div>\n");
}

/// Modules without changes: in a line each, those in sync in one line together.
void write_others(HtmlWriter& html, const model::RunReport& run) {
    bool any = false;
    for (const model::ModuleReport& module : run.modules) {
        if (module.outcome != ModuleOutcome::in_sync) continue;
        html.markup(any ? Markup{", "} : Markup{"<p><span class=\"good\">= in sync:</span> "})
            .name(title_of(module));
        any = true;
    }
    if (any) html.markup("</p>\n");
    for (const model::ModuleReport& module : run.modules) {
        if (module.changes() != 0 || module.outcome == ModuleOutcome::in_sync) continue;
        const Look look = look_of(module.outcome);
        html.markup("<p><span class=\"")
            .markup(look.colour)
            .markup("\">")
            .markup(look.symbol)
            .markup(" ")
            .line(model::to_string(module.outcome))
            .markup(":</span> ")
            .name(title_of(module));
        if (!module.reason.empty()) html.markup(" – ").line(module.reason);
        html.markup("</p>\n");
    }
}

} // namespace

void write_changes(HtmlWriter& html, const model::RunReport& run, const ChangeLog& changes,
                   Contents contents) {
    const std::size_t count = counts_of(run).changes;
    constexpr std::size_t few = 300; // of more the browser lays out what can be seen
    html.markup("<section id=\"changes\" aria-labelledby=\"changes-title\"")
        .markup(count > few ? Markup{" class=\"large\">\n"} : Markup{">\n"})
        .markup("<h2 id=\"changes-title\">Changes <span class=\"n\">")
        .number(count)
        .markup("</span></h2>\n");
    if (count != 0) write_tools(html);
    Changes writer{html, run, changes, contents};
    for (const bool discarded : {false, true})
        for (const model::ModuleReport& module : run.modules)
            if (module.changes() != 0 && (module.outcome == ModuleOutcome::failed) == discarded)
                writer.write_module(module);
    if (count == 0) html.markup("<p>No file changed.</p>\n");
    write_others(html, run);
    html.markup("</section>\n");
}

} // namespace disco::report
