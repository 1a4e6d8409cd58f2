#include "runner/report/html_sections.hpp"

#include "runner/report/html_words.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace disco::report {
namespace {

/// A module in the drawing; places are numbers of boxes.
struct Box {
    const model::ModuleReport* module = nullptr;
    std::vector<std::size_t> after; ///< without those that another one of them comes after anyway
    std::size_t column = 0, row = 0;
};

constexpr int box_height = 26, row_height = 36, gap = 60, margin = 2;

/// Those that come after some module, or before one, in the order of the run: what a box comes after is
/// before it.
std::vector<Box> boxes_of(const model::RunReport& run) {
    std::set<std::string_view> before;
    for (const model::ModuleReport& module : run.modules)
        before.insert(module.comes_after.begin(), module.comes_after.end());
    std::vector<Box> boxes;
    std::map<std::string_view, std::size_t> places;
    std::vector<std::set<std::size_t>> above; ///< of each: all that it comes after
    for (const model::ModuleReport& module : run.modules) {
        if (module.comes_after.empty() && !before.contains(module.name)) continue;
        Box& box = boxes.emplace_back();
        box.module = &module;
        std::set<std::size_t> direct, further;
        for (const std::string& name : module.comes_after) {
            const auto found = places.find(name);
            if (found == places.end()) continue; // the report is not of this program's making
            direct.insert(found->second);
            further.insert(above[found->second].begin(), above[found->second].end());
        }
        std::set_difference(direct.begin(), direct.end(), further.begin(), further.end(),
                            std::back_inserter(box.after));
        for (const std::size_t one : box.after) box.column = std::max(box.column, boxes[one].column + 1);
        places.emplace(module.name, boxes.size() - 1);
        further.insert(direct.begin(), direct.end());
        above.push_back(std::move(further));
    }
    return boxes;
}

class Drawing {
public:
    Drawing(HtmlWriter& html, std::vector<Box> boxes) : html_{html}, boxes_{std::move(boxes)} {
        for (Box& box : boxes_) {
            if (widths_.size() <= box.column) {
                widths_.resize(box.column + 1);
                rows_.resize(box.column + 1);
            }
            widths_[box.column] = std::max(widths_[box.column], width_of(box));
            box.row = rows_[box.column]++;
        }
    }

    void write() {
        const int width = left_of(widths_.size()) - gap + 2 * margin;
        const int height = static_cast<int>(*std::max_element(rows_.begin(), rows_.end())) * row_height;
        html_
            .markup("<section class=\"scroll\" aria-label=\"Drawing of the order\" tabindex=\"0\">\n"
                    "<svg class=\"graph\" role=\"img\" aria-label=\"Which module comes after which; the list "
                    "below says "
                    "the same\" width=\"")
            .line(std::to_string(width))
            .markup("\" height=\"")
            .line(std::to_string(height))
            .markup("\">\n");
        for (const Box& box : boxes_)
            for (const std::size_t one : box.after) write_line(boxes_[one], box);
        for (const Box& box : boxes_) write_box(box);
        html_.markup("</svg>\n</section>\n");
    }

private:
    static int width_of(const Box& box) {
        constexpr std::size_t longest = 32;
        constexpr int letter = 8, padding = 32; // the symbol is in it
        return static_cast<int>(std::min(sys::printable(box.module->name).size(), longest)) * letter +
               padding;
    }
    [[nodiscard]] int left_of(std::size_t column) const {
        int left = margin;
        for (std::size_t i = 0; i < column; ++i) left += widths_[i] + gap;
        return left;
    }
    static int top_of(const Box& box) { return margin + static_cast<int>(box.row) * row_height; }

    void write_line(const Box& from, const Box& to) {
        const int begin = left_of(from.column) + widths_[from.column], end = left_of(to.column);
        const int high = top_of(from) + box_height / 2, low = top_of(to) + box_height / 2;
        html_.markup("<path d=\"")
            .line(fmt::format("M{} {}C{} {} {} {} {} {}", begin, high, begin + gap / 2, high, end - gap / 2,
                              low, end, low))
            .markup("\"></path>\n");
    }
    void write_box(const Box& box) {
        const Look look = look_of(box.module->outcome);
        // An svg of its own cuts off what is too long.
        html_.markup("<svg class=\"")
            .markup(look.colour)
            .markup("\" x=\"")
            .line(std::to_string(left_of(box.column)))
            .markup("\" y=\"")
            .line(std::to_string(top_of(box)))
            .markup("\" width=\"")
            .line(std::to_string(widths_[box.column]))
            .markup("\" height=\"")
            .line(std::to_string(box_height))
            .markup("\"><rect x=\"0.5\" y=\"0.5\" width=\"")
            .line(std::to_string(widths_[box.column] - 1))
            .markup("\" height=\"")
            .line(std::to_string(box_height - 1))
            .markup("\" rx=\"4\"></rect><text x=\"10\" y=\"17\">")
            .markup(look.symbol)
            .markup(" ")
            .name(box.module->name)
            .markup("</text></svg>\n");
    }

    HtmlWriter& html_;
    std::vector<Box> boxes_;
    std::vector<int> widths_;       ///< of the columns
    std::vector<std::size_t> rows_; ///< in each column
};

} // namespace

bool has_requirements(const model::RunReport& run) {
    return std::any_of(run.modules.begin(), run.modules.end(),
                       [](const model::ModuleReport& module) { return !module.comes_after.empty(); });
}

void write_requirements(HtmlWriter& html, const model::RunReport& run) {
    if (!has_requirements(run)) return;
    constexpr std::size_t most_drawn = 100;
    html.markup("<section id=\"order\" aria-labelledby=\"order-title\">\n<h2 id=\"order-title\">Order of the "
                "modules</h2>\n");
    std::vector<Box> boxes = boxes_of(run);
    if (boxes.size() <= most_drawn) Drawing{html, std::move(boxes)}.write();
    html.markup("<details><summary>as a list</summary><ul class=\"list\">\n");
    for (const model::ModuleReport& module : run.modules) {
        if (module.comes_after.empty()) continue;
        html.markup("<li>").name(module.name).markup(" <span class=\"muted\">comes after</span> ");
        for (const std::string& name : module.comes_after)
            html.markup(&name == &module.comes_after.front() ? Markup{""} : Markup{", "}).name(name);
        html.markup("</li>\n");
    }
    html.markup("</ul></details>\n</section>\n");
}

} // namespace disco::report
