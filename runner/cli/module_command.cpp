#include "runner/cli/module_command.hpp"

#include "runner/cli/checked_paths.hpp"
#include "runner/cli/console.hpp"
#include "runner/cli/report_file.hpp"
#include "runner/fetch/parameter_layers.hpp"
#include "runner/fetch/server_text.hpp"
#include "runner/lint/check_junit.hpp"
#include "runner/lint/universe_check.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/model/module_skeleton.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/model/requirement_graph.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/objections.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <set>
#include <utility>
#include <variant>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

namespace fs = std::filesystem;
using model::ExitCode;

/// FILE of an option, or standard output.
void write_out(const std::string& file, std::string_view text) {
    if (file == "-")
        write_to(STDOUT_FILENO, text);
    else
        write_report_file(file, 0600, [&](const auto& write) { write(text); });
}

/// What cannot be read of a universe as a whole is bad input.
lint::CheckResult checked(const CheckedPlace& place) {
    try {
        return place.is_lone_module ? lint::check_lone_module(place.universe)
                                    : lint::check_universe(place.universe, place.modules);
    } catch (const sys::SysError& error) {
        throw sys::BadConfiguration{error.full_text()};
    }
}

int check(const ModuleOptions& options) {
    if (!options.junit.empty() && options.junit != "-") require_report_place(options.junit);
    lint::CheckResult result;
    for (const CheckedPlace& place : checked_places(options.paths))
        lint::add_result(result, checked(place), place.universe.string());
    const int people = options.junit == "-" ? STDERR_FILENO : STDOUT_FILENO;
    std::string text;
    for (const lint::Finding& one : result.findings) text += lint::in_words(one) + "\n";
    write_to(people, text + lint::sum_in_words(result) + "\n");
    for (const std::string& note : result.notes) write_to(STDERR_FILENO, fmt::format("disco: {}\n", note));
    if (!options.junit.empty())
        write_out(options.junit,
                  lint::junit_report(result, options.strict ? lint::Warnings::are_failures
                                                            : lint::Warnings::are_no_failures));
    const lint::Counts counts = lint::count(result.findings);
    const bool fails = counts.errors != 0 || (options.strict && counts.warnings != 0);
    return model::to_int(fails ? ExitCode::failed : ExitCode::done);
}

/// Made aside, under a name that no module can have, so that a run never meets half of it.
int create(const ModuleOptions& options) {
    model::check_component_name(options.name, "module");
    const fs::path universe{options.universe}, modules = universe / "modules";
    if (!sys::is_directory(modules))
        throw sys::BadConfiguration{fmt::format(
            "'{}' is no universe: it has no directory 'modules'; make one (mkdir {}), or name the "
            "universe with --server",
            sys::printable(options.universe), sys::printable(modules.lexically_normal().string()))};
    const fs::path target = modules / options.name;
    sys::OwnedDirectory aside{modules, ".new-"};
    for (const model::SkeletonFile& file : model::module_skeleton(options.name)) {
        const fs::path place = aside.path() / file.path;
        fs::create_directories(place.parent_path());
        sys::write_file(place, file.text, file.mode);
    }
    sys::check(::chmod(aside.path().c_str(), 0755), "set the mode of", aside.path());
    if (::renameat2(AT_FDCWD, aside.path().c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
        if (errno == EEXIST)
            throw sys::BadConfiguration{
                fmt::format("there is a module '{}' already, in '{}'; choose another name", options.name,
                            sys::printable(target.lexically_normal().string()))};
        throw sys::SysError{errno, "make", target};
    }
    (void)aside.keep();
    const std::string shown = sys::quote_words({target.lexically_normal().string()}),
                      from = sys::quote_words({options.universe});
    write_to(STDOUT_FILENO,
             fmt::format("{} is made: an example of each file that a module may have.\n"
                         "Change what you need and remove the rest. Then:\n"
                         "  check it   disco module check {}\n"
                         "  try it     disco-run --noop --server {} --module {} --diff\n"
                         "  want it    an empty file parameters/NODE/modules/{}, for each node\n",
                         shown, shown, from, options.name, options.name));
    return 0;
}

model::RequirementTable requirements_of(const fs::path& universe) {
    model::RequirementTable table;
    sys::Objections objections;
    for (const std::string& name : lint::module_names(universe))
        objections.noting([&] {
            const std::string file = fmt::format("modules/{}/requires", sys::printable(name));
            const auto text = fetch::read_server_text(universe / "modules" / name, "requires", file);
            table.emplace(name, model::parse_requirements(text.value_or(""), file));
        });
    objections.throw_all();
    return table;
}

std::set<std::string> wanted_by(const std::string& node, const fs::path& universe) {
    model::check_component_name(node, "node");
    const fs::path parameters = universe / "parameters";
    if (!sys::is_directory(parameters / node))
        throw sys::BadConfiguration{fmt::format("there is no node '{}': '{}' is no directory", node,
                                                sys::printable((parameters / node).string()))};
    const auto inheritance = fetch::follow_inherits(parameters, node);
    if (!inheritance.absent.empty()) {
        const auto& [name, by] = *inheritance.absent.begin();
        throw sys::BadConfiguration{
            fmt::format("there is no 'parameters/{}', which 'parameters/{}/inherits' names", name, by)};
    }
    const auto tree = fetch::merge_layers(fetch::read_layers(parameters, inheritance.order));
    const auto members = fetch::parameter_members(tree, "modules");
    return {members.begin(), members.end()};
}

/// Drawn by graphviz.
std::string as_svg(const std::string& dot) {
    if (!sys::find_program("dot", sys::usual_path))
        throw sys::BadConfiguration{"--svg needs the program dot; install the package graphviz, or write the "
                                    "graph with --dot and draw it elsewhere"};
    const auto drawn = sys::run_program(
        {.argv = {"dot", "-Tsvg"},
         .environment = {"LC_ALL=C.UTF-8", fmt::format("PATH={}", sys::usual_path), "HOME=/"},
         .input = dot,
         .timeout = std::chrono::minutes{5}});
    if (!drawn.succeeded())
        throw sys::Error{fmt::format("dot could not draw the graph: {}",
                                     drawn.timed_out ? "it took more than five minutes"
                                                     : sys::printable_text(drawn.error))};
    return drawn.output;
}

int graph(const ModuleOptions& options) {
    const fs::path universe{options.universe};
    const model::RequirementTable table = requirements_of(universe);
    std::set<std::string> wanted;
    if (options.node.empty())
        for (const auto& [name, requirements] : table) wanted.insert(name);
    else
        wanted = wanted_by(options.node, universe);
    const auto verdict = model::order_modules(wanted, table);
    if (const auto* cycle = std::get_if<model::Cycle>(&verdict))
        throw sys::BadConfiguration{model::describe(*cycle)};
    if (const auto* missing = std::get_if<model::MissingModule>(&verdict))
        throw sys::BadConfiguration{model::describe(*missing)};
    const auto modules = model::explain_order(std::get<model::RunOrder>(verdict).modules, table, wanted);
    if (options.dot.empty() && options.svg.empty()) write_to(STDOUT_FILENO, model::order_in_words(modules));
    const std::string dot = model::order_as_dot(modules, options.node.empty() ? "modules" : options.node);
    if (!options.dot.empty()) write_out(options.dot, dot);
    if (!options.svg.empty()) write_out(options.svg, as_svg(dot));
    return 0;
}

} // namespace

int run_module(const ModuleOptions& options) {
    if (options.verb == "check") return check(options);
    if (options.verb == "new") return create(options);
    return graph(options);
}

} // namespace disco::cli
