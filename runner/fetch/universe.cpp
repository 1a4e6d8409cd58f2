#include "runner/fetch/universe.hpp"

#include "runner/fetch/parameter_layers.hpp"
#include "runner/fetch/rsync_command.hpp"
#include "runner/fetch/rsync_failure.hpp"
#include "runner/fetch/server_text.hpp"
#include "runner/model/parameter_name.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/objections.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

namespace disco::fetch {
namespace {

void check_module_name(const std::string& name, const ServerUri& server) {
    model::check_component_name(name, "module");
    if (server.layout == ServerLayout::daemon_modules && name == "parameters")
        throw sys::BadConfiguration{
            fmt::format("a module cannot be called 'parameters' on '{}': there that is the "
                        "rsync module of the nodes' parameters",
                        server.text)};
}

[[noreturn]] void not_in_store(std::string_view what, const ModuleStore& store) {
    throw sys::BadConfiguration{
        fmt::format("{} is not in the last good copy in '{}'; run once without --offline", what,
                    store.modules().string())};
}

} // namespace

Universe::Universe(FetchSettings settings, const std::filesystem::path& state,
                   const std::filesystem::path& scratch)
    : settings_{std::move(settings)},
      store_{std::filesystem::absolute(state)},
      scratch_{std::filesystem::absolute(scratch)},
      rsync_{settings_} {}

/// Runs one fetch and records what it took, also when it fails.
template <class Work> decltype(auto) Universe::timed(const std::string& name, Work&& work) {
    struct Record {
        Universe& universe;
        model::Step step;
        std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
        ~Record() {
            step.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
            step.usage = universe.rsync_.take_usage();
            universe.steps_.push_back(std::move(step));
        }
    } record{*this, {}};
    record.step.phase = model::Phase::fetch;
    record.step.name = name;
    try {
        return std::forward<Work>(work)();
    } catch (const sys::Error& error) {
        record.step.exit = 1;
        record.step.output = error.what();
        throw;
    }
}

const std::filesystem::path& Universe::staging() {
    if (staging_.path().empty()) {
        sys::make_directories(scratch_, 0700);
        store_.prepare();
        staging_ = sys::OwnedDirectory{scratch_, "fetch-"};
    }
    return staging_.path();
}

bool Universe::in_place() const {
    return !settings_.offline && settings_.server.layout == ServerLayout::local;
}

// ---- parameters
// --------------------------------------------------------------------------------------------------

std::vector<ParameterLayer> Universe::fetch_parameters(const std::string& node) {
    model::check_component_name(node, "node");
    return timed("parameters", [&] {
        node_ = node;
        record_ = {};
        current_.clear();
        asked_.clear();
        parameters_current_ = parameters_wanted_ = parameters_staged_ = all_metadata_staged_ = false;
        staging_.discard();
        if (settings_.offline) return stored_parameters();
        compare_with_store();
        record_.server = settings_.server.text;
        if (parameters_current_) return stored_parameters();
        if (auto layers = parameters_in_place()) return *std::move(layers);
        return staged_parameters();
    });
}

std::vector<ParameterLayer> Universe::stored_parameters() {
    const auto copy = store_.parameters(node_);
    if (!sys::is_directory(copy)) not_in_store(fmt::format("node '{}'", node_), store_);
    const Inheritance inheritance = follow_inherits(copy, node_);
    if (!inheritance.absent.empty())
        not_in_store(fmt::format("parameters/{}", inheritance.absent.begin()->first), store_);
    return read_layers(copy, inheritance.order);
}

/// A universe in a local directory is read where it lies to learn what is wanted; the copy of that is then
/// made at one go. Nothing when something is missing: then rsync is to say what.
std::optional<std::vector<ParameterLayer>> Universe::parameters_in_place() {
    if (!in_place()) return std::nullopt;
    const std::filesystem::path source = settings_.server.source("parameters");
    try {
        const Inheritance inheritance = follow_inherits(source, node_);
        if (!inheritance.absent.empty()) return std::nullopt;
        auto layers = read_layers(source, inheritance.order);
        record_.parameters = {inheritance.order.begin(), inheritance.order.end()};
        parameters_wanted_ = true;
        return layers;
    } catch (const sys::SysError& error) {
        spdlog::debug("fetching the parameters before they are read: {}", error.what());
        return std::nullopt;
    }
}

std::string Universe::parameters_in_words() const {
    return fmt::format("the parameters of node '{}'", node_);
}

RsyncJob Universe::parameters_job(const std::set<std::string>& names, std::string wanted) const {
    const auto last = store_.parameters(node_);
    return {{.mode = RsyncMode::copy,
             .source = settings_.server.source("parameters"),
             .destination = staging_.path() / "parameters",
             .link_to = sys::is_directory(last) ? last : std::filesystem::path{},
             .filters = {},
             .names = names},
            std::move(wanted)};
}

std::vector<ParameterLayer> Universe::staged_parameters() {
    const std::filesystem::path copy = staging() / "parameters";
    std::set<std::string> fetched, level = {node_};
    std::map<std::string, std::string> inherited_by; // those of `level`, unless it is the node itself
    std::string wanted = parameters_in_words();
    for (;;) { // ends: each level is new names, and follow_inherits bounds how deep they go
        std::vector<RsyncJob> jobs = {parameters_job(level, wanted)};
        // With nothing in the store, the metadata will be asked for next, whatever the parameters say.
        const bool both = fetched.empty() && current_.empty() && !in_place() &&
                          settings_.server.layout != ServerLayout::daemon_modules;
        if (both) jobs.push_back(all_metadata());
        const auto answers = rsync_.run(jobs, jobs.size());
        if (answers[0].failure) {
            // Those that are there have been copied.
            for (const auto& [name, by] : inherited_by)
                if (answers[0].failure->kind == FailureKind::absent && !sys::stat_path(copy / name))
                    throw sys::BadConfiguration{
                        fmt::format("'{}' has no 'parameters/{}', which 'parameters/{}/inherits' names",
                                    settings_.server.text, sys::printable(name), sys::printable(by))};
            throw_failure(*answers[0].failure);
        }
        if (both && !answers[1].failure) take_all_metadata(); // else asked for again, which reports why
        fetched.insert(level.begin(), level.end());
        const Inheritance inheritance = follow_inherits(copy, node_);
        if (inheritance.absent.empty()) {
            parameters_staged_ = true;
            record_.parameters = {inheritance.order.begin(), inheritance.order.end()};
            return read_layers(copy, inheritance.order);
        }
        level.clear();
        inherited_by = inheritance.absent;
        std::vector<std::string> described;
        for (const auto& [name, by] : inheritance.absent) {
            if (fetched.contains(name))
                throw sys::TryAgain{
                    fmt::format("parameters/{} vanished on '{}' while it was fetched; try again", name,
                                settings_.server.text)};
            level.insert(name);
            described.push_back(fmt::format("'{}' (inherited by '{}')", name, by));
        }
        wanted = fmt::format("the parameters {}", fmt::join(described, ", "));
    }
}

// ---- metadata
// ----------------------------------------------------------------------------------------------------

model::RequirementTable Universe::fetch_metadata(const std::set<std::string>& wanted) {
    for (const std::string& name : wanted) check_module_name(name, settings_.server);
    return timed("metadata", [&] { return read_requirements(wanted); });
}

/// Level by level: what the last one named and nobody has asked for yet.
model::RequirementTable Universe::read_requirements(const std::set<std::string>& wanted) {
    model::RequirementTable table;
    sys::Objections objections; // of all modules that are reached
    std::set<std::string> seen, level = wanted;
    while (!level.empty()) {
        std::set<std::string> unknown;
        for (const std::string& name : level)
            if (!current_.contains(name) && !asked_.contains(name)) unknown.insert(name);
        if (!unknown.empty() && !settings_.offline && !in_place()) {
            if (settings_.server.layout == ServerLayout::daemon_modules)
                fetch_metadata_of_each(unknown);
            else if (!all_metadata_staged_) {
                rsync_.fetch(all_metadata());
                take_all_metadata();
            }
        }
        std::set<std::string> next;
        for (const std::string& name : level) {
            seen.insert(name);
            const auto directory = metadata_directory(name);
            if (!sys::is_directory(directory)) {
                if (settings_.offline) not_in_store(fmt::format("module '{}'", name), store_);
                continue;
            }
            objections.noting([&] {
                const std::string file = fmt::format("modules/{}/requires", name);
                const std::string text = read_server_text(directory, "requires", file).value_or("");
                auto requirements = model::parse_requirements(text, file);
                for (const auto* names : {&requirements.after, &requirements.before})
                    for (const std::string& needed : *names) {
                        check_module_name(needed, settings_.server);
                        next.insert(needed);
                    }
                table.emplace(name, std::move(requirements));
            });
        }
        level.clear();
        std::set_difference(next.begin(), next.end(), seen.begin(), seen.end(),
                            std::inserter(level, level.end()));
    }
    objections.throw_all();
    return table;
}

RsyncJob Universe::all_metadata() {
    return {{.mode = RsyncMode::copy,
             .source = settings_.server.source("modules"),
             .destination = staging() / "metadata",
             .link_to = store_.modules(),
             .filters = metadata_filters_of_all_modules(),
             .names = {}},
            "the modules' metadata"};
}

void Universe::take_all_metadata() {
    const std::filesystem::path copy = staging() / "metadata";
    all_metadata_staged_ = true;
    const sys::UniqueFd directory = sys::open_directory(copy);
    for (const sys::DirectoryEntry& entry : sys::list_directory(directory.get(), copy)) {
        try {
            model::check_component_name(entry.name, "module");
        } catch (const sys::BadConfiguration& error) {
            spdlog::debug("skipping a directory of modules/ on the server: {}", error.what());
        }
    }
}

void Universe::fetch_metadata_of_each(const std::set<std::string>& modules) {
    const std::filesystem::path copies = staging() / "metadata";
    sys::make_directories(copies, 0700);
    std::vector<RsyncJob> jobs;
    for (const std::string& name : modules) {
        const auto last = store_.module(name);
        jobs.push_back({{.mode = RsyncMode::copy,
                         .source = settings_.server.source("modules/" + name),
                         .destination = copies / name,
                         .link_to = sys::is_directory(last) ? last : std::filesystem::path{},
                         .filters = metadata_filters_of_module(),
                         .names = {}},
                        fmt::format("the metadata of module '{}'", name)});
    }
    const auto answers = rsync_.run(jobs, settings_.parallel);
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        if (!answers[i].failure) continue;
        if (answers[i].failure->kind != FailureKind::absent) throw_failure(*answers[i].failure);
        sys::remove_tree(jobs[i].call.destination); // the caller learns who needs it
    }
    asked_.insert(modules.begin(), modules.end());
}

std::filesystem::path Universe::metadata_directory(const std::string& module) const {
    if (settings_.offline || current_.contains(module)) return store_.module(module);
    if (in_place()) return settings_.server.source("modules/" + module);
    if (staging_.path().empty()) return store_.module(module);
    return staging_.path() / "metadata" / module;
}

ParameterLayer Universe::defaults_of(const std::string& module) const {
    model::check_component_name(module, "module");
    const auto directory = metadata_directory(module);
    if (!sys::is_directory(directory))
        throw sys::Error{
            fmt::format("the defaults of module '{}' were asked for, but it was not fetched", module)};
    return read_defaults(module, directory);
}

// ---- modules
// -----------------------------------------------------------------------------------------------------

void Universe::fetch_modules(const std::vector<std::string>& modules) {
    for (const std::string& name : modules) check_module_name(name, settings_.server);
    timed("modules", [&] {
        std::set<std::string> differing;
        for (const std::string& name : modules) {
            if (settings_.offline && !sys::is_directory(store_.module(name)))
                not_in_store(fmt::format("module '{}'", name), store_);
            if (!current_.contains(name)) differing.insert(name);
        }
        if (settings_.offline) return;
        if (!differing.empty() || parameters_wanted_) fetch_aside(differing);
        commit(modules, differing);
    });
}

/// The names by the connection that asks for them. A local copy is work for the processors alone, so it is
/// split.
std::vector<std::set<std::string>> Universe::shares(const std::set<std::string>& modules) const {
    constexpr std::size_t worth_a_process = 32;
    const std::size_t count =
        in_place() ? std::clamp<std::size_t>(modules.size() / worth_a_process, 1, 2) : 1;
    if (modules.empty()) return {};
    const auto half = std::next(modules.begin(), static_cast<std::ptrdiff_t>(modules.size() / count));
    std::vector<std::set<std::string>> shares = {{modules.begin(), half}};
    if (half != modules.end()) shares.emplace_back(half, modules.end());
    return shares;
}

void Universe::fetch_aside(const std::set<std::string>& modules) {
    const std::filesystem::path copies = staging() / "modules";
    sys::make_directories(copies, 0700); // each rsync would make it, and fail when another one was faster
    std::vector<RsyncJob> jobs;
    if (settings_.server.layout == ServerLayout::daemon_modules) {
        for (const std::string& name : modules) {
            const auto last = store_.module(name);
            jobs.push_back({{.mode = RsyncMode::copy,
                             .source = settings_.server.source("modules/" + name),
                             .destination = copies / name,
                             .link_to = sys::is_directory(last) ? last : std::filesystem::path{},
                             .filters = {},
                             .names = {}},
                            fmt::format("module '{}'", name)});
        }
    } else {
        for (std::set<std::string>& names : shares(modules))
            jobs.push_back({{.mode = RsyncMode::copy,
                             .source = settings_.server.source("modules"),
                             .destination = copies,
                             .link_to = store_.modules(),
                             .filters = {},
                             .names = names},
                            "the " + sys::list_for_people("module", names)});
    }
    if (parameters_wanted_) jobs.push_back(parameters_job(record_.parameters, parameters_in_words()));
    for (const RsyncAnswer& answer : rsync_.run(jobs, settings_.parallel))
        if (answer.failure) throw_failure(*answer.failure);
    if (std::exchange(parameters_wanted_, false)) parameters_staged_ = true;
    for (const std::string& name : modules)
        if (!sys::is_directory(copies / name))
            throw sys::BadConfiguration{
                fmt::format("modules/{} on '{}' is not a directory; symbolic links are not "
                            "followed",
                            name, settings_.server.text)};
}

/// Everything is there and whole: now it becomes the last good copy.
void Universe::commit(const std::vector<std::string>& modules, const std::set<std::string>& staged) {
    // Also after a loss of power: a dance with --offline delivers what is there.
    if (!staged.empty() || parameters_staged_) sys::sync_file_system_of(staging());
    for (const std::string& name : staged)
        ModuleStore::swap_in(staging() / "modules" / name, store_.module(name));
    current_.insert(staged.begin(), staged.end());
    if (node_.empty()) return;
    if (parameters_staged_) ModuleStore::swap_in(staging() / "parameters", store_.parameters(node_));
    parameters_staged_ = false;
    record_.modules.insert(modules.begin(), modules.end());
    if (store_.record(node_) != record_) store_.write_record(node_, record_);
    // The staging directory now holds what was replaced. Metadata that others may still ask for stay.
    if (staging_.path().empty()) return;
    for (const char* name : {"modules", "parameters"}) sys::remove_tree(staging_.path() / name);
}

std::filesystem::path Universe::module_directory(const std::string& module) const {
    model::check_component_name(module, "module");
    return store_.module(module);
}

} // namespace disco::fetch
