#include "runner/cli/site_command.hpp"

#include "runner/cli/report_source.hpp"
#include "runner/cli/site_directory.hpp"
#include "runner/model/exit_code.hpp"
#include "runner/report/html_assets.hpp"
#include "runner/report/html_report.hpp"
#include "runner/report/html_site.hpp"
#include "runner/report/stored_report.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/sha256.hpp"
#include "runner/sys/time_text.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

namespace fs = std::filesystem;

std::time_t unreported_before(const std::string& age, std::time_t now) {
    const std::time_t moment = sys::moment_meant(age, now);
    if (moment == -1 || moment >= now)
        throw sys::UsageError{fmt::format("--unreported-after '{}' is no age: write 90s, 30m, 12h, 7d or 2w",
                                          sys::printable_text(age))};
    return moment;
}

class SiteWriter {
public:
    SiteWriter(const Options& options, SiteDirectory& directory)
        : directory_{directory},
          contents_{options.output.detail == report::Detail::verbose ? report::Contents::all
                                                                     : report::Contents::short_} {
        site_.now = std::time(nullptr);
        site_.unreported_before = unreported_before(options.report.unreported_after, site_.now);
        sys::Sha256 look;
        look.update(report::report_style());
        look.update(report::report_script());
        way_ = fmt::format("{}-{}{}", DISCO_VERSION, sys::hex(look.finish()).substr(0, 16),
                           contents_ == report::Contents::all ? "-verbose" : "");
    }

    /// What throws while `find` looks for reports is one that cannot be read.
    template <class Find> void add_all(const fs::path& place, const Find& find) {
        std::vector<ReportSource> found;
        try {
            found = find();
        } catch (const sys::Error& error) {
            note(place, error);
            directory_.keep_earlier(); // its reports may be there all the same
        } catch (const fs::filesystem_error& error) {
            note(place, sys::SysError{error.code().value(), "read reports in", place});
            directory_.keep_earlier();
        }
        for (const ReportSource& source : found) {
            sys::throw_if_interrupted();
            add(source);
        }
    }

    int finish() {
        directory_.finish([&](const auto& write) { report::write_site_index(site_, write); });
        return model::to_int(site_.faults.empty() ? model::ExitCode::done
                                                  : model::ExitCode::bad_configuration);
    }
    [[nodiscard]] const report::Site& site() const { return site_; }

private:
    void note(const fs::path& source, const sys::Error& error) {
        print_error(error.full_text());
        site_.faults.push_back({source.string(), error.full_text()});
    }

    void add(const ReportSource& source) {
        const fs::path& file = contents_ == report::Contents::all ? source.whole : source.report;
        report::SiteRun run;
        std::string stamp;
        // Only what reading throws is a fault of the report.
        std::optional<report::StoredReport> stored;
        try {
            stamp = stamp_of(file);
            run.summary = report::load_summary(source.report, source.scratch);
            run.page = page_name(run.summary.run.node, run.summary.run.id);
            if (directory_.has(run.page)) return; // it was collected twice
            if (!directory_.is_current(run.page, stamp)) stored = report::load_report(file, source.scratch);
        } catch (const sys::Error& error) {
            return note(source.report, error);
        }
        directory_.put_page(run.page, stamp, [&](const auto& write) {
            report::write_site_page(stored->run, stored->changes, contents_, write);
        });
        site_.runs.push_back(std::move(run));
    }

    [[nodiscard]] std::string stamp_of(const fs::path& file) const {
        struct stat status = {};
        sys::check(::lstat(file.c_str(), &status), "look at", file);
        return fmt::format("{}-{}.{:09}-{}-{}", status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                           status.st_ino, way_);
    }

    SiteDirectory& directory_;
    report::Contents contents_;
    report::Site site_;
    std::string way_; ///< in which a page is written
};

} // namespace

int run_site(const Options& options) {
    SiteDirectory directory{options.report.site};
    SiteWriter writer{options, directory};
    if (options.report.paths.empty())
        writer.add_all(options.dance.state_dir, [&] { return recorded_sources(options.dance.state_dir); });
    for (const std::string& path : options.report.paths)
        writer.add_all(path, [&] { return sources_at(path); });
    const int code = writer.finish();
    if (options.output.detail != report::Detail::quiet)
        write_to(STDOUT_FILENO,
                 fmt::format("{}: {}, {}, {} written\n",
                             sys::printable((fs::path{options.report.site} / "index.html").string()),
                             report::counted(report::nodes_of(writer.site()).size(), "node", "nodes"),
                             report::counted(directory.pages(), "run", "runs"),
                             report::counted(directory.written(), "page", "pages")));
    return code;
}

} // namespace disco::cli
