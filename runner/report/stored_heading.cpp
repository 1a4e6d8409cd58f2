#include "runner/report/stored_heading.hpp"

#include "runner/sys/printable_line.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>

namespace disco::report {

ReportText::ReportText(const std::filesystem::path& file)
    : fd_{::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)} {
    if (!fd_ && errno != ELOOP) throw sys::SysError{errno, "open", file};
    struct stat status = {};
    if (fd_) sys::check(::fstat(fd_.get(), &status), "look at", file);
    if (!fd_ || !S_ISREG(status.st_mode))
        throw sys::BadConfiguration{"it is a link, or no regular file: put the report itself there"};
    stream_.open(fmt::format("/proc/self/fd/{}", fd_.get()), std::ios::binary);
    if (!stream_) throw sys::SysError{errno, "open", file};
}

void check_schema(const nlohmann::json& schema) {
    if (schema != 1)
        throw sys::BadConfiguration{fmt::format("its schema is {}, this version reads 1", schema.dump())};
}

model::RunReport parse_heading(const nlohmann::json& heading) {
    model::RunReport run;
    // Reports may be collected from machines that are not trusted; what disco writes there is on one line.
    const auto line = [](const nlohmann::json& text) { return sys::printable_line(text.get<std::string>()); };
    run.id = line(heading.at("id"));
    run.node = heading.at("node");
    run.mode = parse_word<model::RunMode>(heading.at("mode"));
    run.root = heading.at("root");
    if (heading.contains("command"))
        run.command = line(heading.at("command")); // not in reports of the first versions
    run.started = line(heading.at("started"));
    run.wall_s = heading.at("wall_s");
    run.outcome = parse_word<model::RunOutcome>(heading.at("outcome"));
    run.exit_code = model::ExitCode{heading.at("exit_code").get<int>()};
    run.version = line(heading.at("disco_version"));
    if (const nlohmann::json& failure = heading.at("failure"); !failure.is_null()) run.failure = failure;
    return run;
}

} // namespace disco::report
