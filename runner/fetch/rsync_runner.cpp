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
    if (!deadline_) deadline_ = std::chrono::steady_clock::now() + settings_.limit;
    std::vector<std::vector<RsyncCall>> parts;
    for (const RsyncJob& job : jobs) parts.push_back(parts_of(settings_.server.layout, job.call));
    std::vector<RsyncAnswer> answers(jobs.size());
    for (std::size_t part = 0;; ++part) {
        std::vector<Piece> pieces;
        for (std::size_t i = 0; i < jobs.size(); ++i)
            if (part < parts[i].size() && !answers[i].failure)
                pieces.push_back({&parts[i][part], &jobs[i].wanted, &answers[i]});
        if (pieces.empty()) return answers;
        run_pieces(std::move(pieces), parallel);
    }
}

void RsyncRunner::run_pieces(std::vector<Piece> pieces, std::size_t parallel) {
    const auto environment = rsync_environment(from_environment);
    for (const std::size_t width :
         {parallel, std::size_t{1}}) { // the second round is for those that found it busy
        std::vector<sys::ProgramSpec> specs;
        for (const Piece& piece : pieces) {
            specs.push_back({.argv = rsync_command(settings_, *piece.call),
                             .environment = environment,
                             .input = {},
                             .timeout = std::nullopt, // rsync itself watches that data keep coming
                             .deadline = deadline_}); // one byte now and then is data, too
            spdlog::debug("running {}", sys::quote_words(specs.back().argv));
        }
        runs_ += specs.size();
        const auto results = run_all(specs, width);
        std::vector<Piece> busy;
        for (std::size_t at = 0; at < results.size(); ++at) {
            const sys::ProgramResult& result = results[at];
            usage_ = usage_ + model::resource_usage(result.usage);
            const Piece& piece = pieces[at];
            piece.answer->failure.reset();
            if (result.succeeded()) {
                piece.answer->output += result.output;
                continue;
            }
            piece.answer->failure =
                result.timed_out ? explain_limit(result, settings_.server, *piece.wanted, settings_.limit)
                                 : explain_failure(result, settings_.server, *piece.wanted);
            if (piece.answer->failure->kind == FailureKind::busy) busy.push_back(piece);
        }
        pieces = std::move(busy);
        if (pieces.empty()) return;
    }
}

void RsyncRunner::fetch(const RsyncJob& job) {
    const auto answers = run({job}, 1);
    if (answers.front().failure) throw_failure(*answers.front().failure);
}

model::ResourceUsage RsyncRunner::take_usage() { return std::exchange(usage_, {}); }

} // namespace disco::fetch
