// The figures of a run, as programs of Prometheus read them.

#include "tests/support/daemon_process.hpp"
#include "tests/support/throw_away.hpp"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Metrics : public DanceTest {
protected:
    void SetUp() override {
        DanceTest::SetUp();
        if (IsSkipped()) return;
        need({"/usr/bin/promtool", "/usr/bin/prometheus-node-exporter", "/usr/bin/curl"});
        if (IsSkipped() || HasFatalFailure()) return;
        want("m");
        module_file("m", "files/etc/x", "x\n");
        std::filesystem::create_directory(place() / "textfiles");
        EXPECT_EQ(noop({"--openmetrics", file()}).exit, 0);
    }
    [[nodiscard]] std::string file() const { return (place() / "textfiles/disco.prom").string(); }
    [[nodiscard]] sys::ProgramResult run(const std::vector<std::string>& words,
                                         const std::string& input) const {
        sys::ProgramSpec spec;
        spec.argv = words;
        spec.environment = {"PATH=" + search_path};
        spec.input = input;
        return sys::run_program(spec);
    }
};

TEST_F(Metrics, PassPromtool) {
    const auto checked = run({"promtool", "check", "metrics"}, sys::read_file(file()));
    EXPECT_EQ(checked.exit, 0);
    EXPECT_EQ(checked.output + checked.error, "") << "no remark either";
}

TEST_F(Metrics, AreCollectedByNodeExporter) {
    const std::string log = place() / "log";
    const auto [exporter, port] = start_listening(
        [&](int free) -> std::vector<std::string> {
            return {"/usr/bin/prometheus-node-exporter", "--collector.disable-defaults",
                    "--collector.textfile",
                    "--collector.textfile.directory=" + (place() / "textfiles").string(),
                    fmt::format("--web.listen-address=127.0.0.1:{}", free)};
        },
        log);
    const auto scraped = run({"curl", "--silent", fmt::format("http://127.0.0.1:{}/metrics", port)}, {});
    EXPECT_THAT(scraped.output,
                AllOf(HasSubstr("\ndisco_run_info{mode=\"noop\",node=\"web1\",outcome=\"pending\""),
                      HasSubstr("\ndisco_run_changes{kind=\"created\"} 1\n"),
                      HasSubstr("\ndisco_run_exit_code 0\n"), HasSubstr("\nnode_textfile_scrape_error 0\n"),
                      HasSubstr("# TYPE disco_run_changes gauge\n")));
    EXPECT_THAT(sys::read_file(log), Not(HasSubstr("error")));
}

} // namespace
} // namespace disco::tests
