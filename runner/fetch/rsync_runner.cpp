#include "runner/fetch/rsync_runner.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/program.hpp"

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace disco::fetch {
namespace {

const char* from_environment(const char* name) { return std::getenv(name); }

std::vector<sys::ProgramResult> run_all(const std::vector<sys::ProgramSpec>& specs, std::size_t parallel) {
    try {
        return sys::run_programs(specs, parallel);
    } catch (const sys::SysError& error) {
        if (error.code() != ENOENT && error.code() != EACCES && error.code() != ENOEXEC) throw;
        throw sys::BadConfiguration{fmt::format(
            "{}; install rsync, or set the command in disco/client/cmds/rsync", error.full_text())};
    }
}

} // namespace

std::vector<RsyncAnswer> RsyncRunner::run(const std::vector<RsyncJob>& jobs, std::size_t parallel) {
    if (settings_.rsync.empty())
        throw sys::BadConfiguration{
            "disco/client/cmds/rsync is empty; it must hold the words of the rsync command"};
    const auto environment = rsync_environment(from_environment);
    std::vector<RsyncAnswer> answers(jobs.size());
    std::vector<std::size_t> pending(jobs.size());
    for (std::size_t i = 0; i < jobs.size(); ++i) pending[i] = i;
    for (const std::size_t width :
         {parallel, std::size_t{1}}) { // the second round is for those that found it busy
        std::vector<sys::ProgramSpec> specs;
        for (const std::size_t i : pending) {
            specs.push_back({.argv = rsync_command(settings_, jobs[i].call),
                             .environment = environment,
                             .input = {},
                             .timeout = std::nullopt}); // rsync itself watches that data keep coming
            spdlog::debug("running {}", sys::quote_words(specs.back().argv));
        }
        runs_ += specs.size();
        auto results = run_all(specs, width);
        std::vector<std::size_t> busy;
        for (std::size_t at = 0; at < results.size(); ++at) {
            usage_ = usage_ + model::resource_usage(results[at].usage);
            RsyncAnswer& answer = answers[pending[at]];
            answer = {std::nullopt, std::move(results[at].output)};
            if (results[at].succeeded()) continue;
            answer.failure = explain_failure(results[at], settings_.server, jobs[pending[at]].wanted);
            if (answer.failure->kind == FailureKind::busy) busy.push_back(pending[at]);
        }
        pending = std::move(busy);
        if (pending.empty()) break;
    }
    return answers;
}

void RsyncRunner::fetch(const RsyncJob& job) {
    const auto answers = run({job}, 1);
    if (answers.front().failure) throw_failure(*answers.front().failure);
}

model::ResourceUsage RsyncRunner::take_usage() { return std::exchange(usage_, {}); }

} // namespace disco::fetch
