#include "runner/fetch/rsync_failure.hpp"
#include "runner/fetch/universe.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

// Universe: is the last good copy still the server's?
namespace disco::fetch {

std::vector<RsyncJob> Universe::comparisons() const {
    const auto compare = [](std::string source, std::filesystem::path with, std::set<std::string> names,
                            std::string wanted) {
        return RsyncJob{{.mode = RsyncMode::compare,
                         .source = std::move(source),
                         .destination = std::move(with),
                         .link_to = {},
                         .filters = {},
                         .names = std::move(names)},
                        std::move(wanted)};
    };
    const ServerUri& server = settings_.server;
    std::vector<RsyncJob> jobs = {compare(server.source("parameters"), store_.parameters(node_),
                                          record_.parameters, parameters_in_words())};
    if (server.layout != ServerLayout::daemon_modules && !record_.modules.empty())
        jobs.push_back(compare(server.source("modules"), store_.modules(), record_.modules,
                               "the " + sys::list_for_people("module", record_.modules)));
    if (server.layout == ServerLayout::daemon_modules)
        for (const std::string& name : record_.modules)
            jobs.push_back(compare(server.source("modules/" + name), store_.module(name), {},
                                   fmt::format("module '{}'", name)));
    return jobs;
}

void Universe::take_comparisons(const std::vector<RsyncJob>& jobs, const std::vector<RsyncAnswer>& answers) {
    for (const RsyncAnswer& answer : answers)
        if (answer.failure && answer.failure->kind == FailureKind::unreachable)
            throw_failure(*answer.failure);
    // Any other failure (something was taken away, say) means: not known to be current. The fetch proper
    // reports it.
    parameters_current_ = !answers[0].failure && differing_names(answers[0].output).empty();
    for (std::size_t i = 1; i < jobs.size(); ++i) {
        const bool many = !jobs[i].call.names.empty();
        const std::set<std::string> names =
            many ? jobs[i].call.names : std::set<std::string>{jobs[i].call.destination.filename().string()};
        if (answers[i].failure) {
            for (const std::string& name : names) record_.modules.erase(name); // else it fails at every dance
            continue;
        }
        const std::set<std::string> differing = differing_names(answers[i].output);
        for (const std::string& name : names)
            if (many ? !differing.contains(name) : differing.empty()) current_.insert(name);
    }
}

void Universe::compare_with_store() {
    auto record = store_.record(node_);
    if (!record || record->server != settings_.server.text || record->parameters.empty()) return;
    std::erase_if(record->modules,
                  [&](const std::string& name) { return !sys::is_directory(store_.module(name)); });
    if (!sys::is_directory(store_.parameters(node_))) return;
    record_ = *std::move(record);
    const std::vector<RsyncJob> jobs = comparisons();
    take_comparisons(jobs, rsync_.run(jobs, std::max<std::size_t>(settings_.parallel, 1)));
}

} // namespace disco::fetch
