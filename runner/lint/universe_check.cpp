#include "runner/lint/universe_check.hpp"

#include "runner/lint/delivery_check.hpp"
#include "runner/lint/module_check.hpp"
#include "runner/lint/node_check.hpp"
#include "runner/lint/order_check.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/similar_word.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include <dirent.h>

#include <fmt/format.h>

namespace disco::lint {
namespace {

std::vector<sys::DirectoryEntry> entries_of(const std::filesystem::path& directory) {
    const sys::UniqueFd fd = sys::open_directory(directory);
    return sys::list_directory(fd.get(), directory);
}

bool is_hidden(const std::string& name) { return name.starts_with('.') || name.ends_with('~'); }

/// shellcheck repeats, in other words, what has been said of a file already.
std::vector<const ShellText*> without_faults(const std::vector<ShellText>& texts,
                                             const std::vector<Finding>& findings) {
    std::set<std::string> faulty;
    for (const Finding& one : findings)
        if (one.severity == Severity::error) faulty.insert(one.file);
    std::vector<const ShellText*> sound;
    for (const ShellText& one : texts)
        if (!faulty.contains(one.file)) sound.push_back(&one);
    return sound;
}

void check_texts(const std::vector<ShellText>& texts, CheckResult& result) {
    check_shell_syntax(texts, result);
    check_with_shellcheck(without_faults(texts, result.findings), result);
}

class UniverseCheck {
public:
    UniverseCheck(const std::filesystem::path& universe, const std::set<std::string>& only)
        : universe_{universe}, only_{only} {}

    CheckResult run() {
        check_names();
        read_modules();
        const ParameterRoots parameters = read_parameter_roots(universe_, result_.findings);
        OrderCheck order = check_order(std::move(table_), requires_texts_);
        add(std::move(order.findings));
        const auto wanted = wanted_modules(parameters, order.table, result_.findings);
        check_clashes(parameters, wanted, defaults_, result_.findings);
        std::map<std::string, module::ModuleContents> contents;
        std::vector<ShellText> texts;
        std::vector<const fetch::ParameterTree*> known;
        for (const auto& [name, tree] : defaults_) known.push_back(&tree);
        for (const auto& [name, root] : parameters.roots) known.push_back(&root.tree);
        const fetch::ParameterTree all = united(known);
        for (auto& [name, module] : modules_) {
            check_parameter_uses(module, {&all}, parameters.nodes, result_.findings);
            if (is_of_interest(name))
                std::move(module.texts.begin(), module.texts.end(), std::back_inserter(texts));
            contents.emplace(name, std::move(module.contents));
        }
        check_deliveries(contents, wanted, result_.findings);
        check_texts(texts, result_);
        for (const auto& [name, module] : modules_)
            if (is_of_interest(name)) result_.modules.push_back(name);
        if (only_.empty()) result_.nodes = {parameters.nodes.begin(), parameters.nodes.end()};
        std::erase_if(result_.findings, [&](const Finding& one) {
            return !only_.empty() &&
                   !(one.subject.kind == Subject::Kind::module && only_.contains(one.subject.name));
        });
        sort_findings(result_.findings);
        return std::move(result_);
    }

private:
    [[nodiscard]] bool is_of_interest(const std::string& module) const {
        return only_.empty() || only_.contains(module);
    }
    void add(std::vector<Finding> findings) {
        std::move(findings.begin(), findings.end(), std::back_inserter(result_.findings));
    }

    /// A value anywhere makes it a value.
    static fetch::ParameterTree united(const std::vector<const fetch::ParameterTree*>& trees) {
        fetch::ParameterTree all;
        for (const fetch::ParameterTree* tree : trees)
            for (const auto& [name, value] : *tree)
                if (const auto [at, is_new] = all.try_emplace(name, value); !is_new && value)
                    at->second = value;
        return all;
    }

    void check_names() {
        const std::vector<std::string> names = {"modules", "parameters"};
        for (const sys::DirectoryEntry& entry : entries_of(universe_)) {
            if (is_hidden(entry.name) || std::find(names.begin(), names.end(), entry.name) != names.end())
                continue;
            if (const auto meant = sys::similar_word(entry.name, names))
                result_.findings.push_back({{},
                                            sys::printable(entry.name),
                                            0,
                                            Severity::warning,
                                            fmt::format("means nothing; did you mean '{}'?", *meant)});
        }
        for (const sys::DirectoryEntry& entry : entries_of(universe_ / "modules"))
            if (entry.type != DT_DIR && !is_hidden(entry.name))
                result_.findings.push_back(
                    {{},
                     "modules/" + sys::printable(entry.name),
                     0,
                     Severity::warning,
                     "is no directory, so it is no module; symbolic links are not followed"});
    }

    void read_modules() {
        for (const std::string& name : module_names(universe_)) {
            CheckedModule module = check_module(name, universe_ / "modules" / name, result_.findings);
            table_.emplace(name, module.requirements);
            requires_texts_.emplace(name, module.requires_text);
            defaults_.emplace(name, module.defaults);
            module.contents.name = name;
            modules_.emplace(name, std::move(module));
        }
        for (const std::string& name : only_)
            if (!modules_.contains(name))
                throw sys::BadConfiguration{fmt::format("there is no module '{}' in '{}'",
                                                        sys::printable(name),
                                                        (universe_ / "modules").string())};
    }

    const std::filesystem::path& universe_;
    const std::set<std::string>& only_;
    CheckResult result_;
    std::map<std::string, CheckedModule> modules_;
    model::RequirementTable table_;
    std::map<std::string, std::string> requires_texts_;
    std::map<std::string, fetch::ParameterTree> defaults_;
};

} // namespace

std::set<std::string> module_names(const std::filesystem::path& universe) {
    const std::filesystem::path modules = universe / "modules";
    if (!sys::is_directory(modules))
        throw sys::BadConfiguration{
            fmt::format("'{}' is no universe: it has no directory 'modules'", universe.string())};
    std::set<std::string> names;
    for (sys::DirectoryEntry& entry : entries_of(modules))
        if (entry.type == DT_DIR && !is_hidden(entry.name)) names.insert(std::move(entry.name));
    return names;
}

CheckResult check_universe(const std::filesystem::path& universe, const std::set<std::string>& only) {
    (void)module_names(universe); // throws where there is none
    return UniverseCheck{universe, only}.run();
}

CheckResult check_lone_module(const std::filesystem::path& directory) {
    CheckResult result;
    const std::string name = directory.filename();
    const CheckedModule module = check_module(name, directory, result.findings);
    check_texts(module.texts, result);
    result.modules.push_back(name);
    const std::string before = fmt::format("modules/{}", sys::printable(name));
    for (Finding& one : result.findings) {
        one.file.erase(0, std::min(before.size() + 1, one.file.size()));
        if (one.file.empty()) one.file = ".";
    }
    sort_findings(result.findings);
    result.notes.emplace_back(
        "the module lies in no universe (UNIVERSE/modules/NAME), so what it requires and "
        "which parameters there are is not checked");
    return result;
}

} // namespace disco::lint
