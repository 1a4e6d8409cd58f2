// The words of the JSON report, which readers of old reports rely on, and the sums over a run.

#include "runner/model/run_report.hpp"
#include "runner/model/words.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace disco::model {
namespace {

using testing::ElementsAre;

/// Of all values; each is found again by its word.
template <class Value> std::vector<std::string> words() {
    std::vector<std::string> list;
    for (const Value value : all_values<Value>()) {
        list.emplace_back(to_string(value));
        EXPECT_EQ(value_of<Value>(list.back()), value) << list.back();
    }
    EXPECT_EQ(value_of<Value>("?"), std::nullopt);
    return list;
}

TEST(ReportWords, AreThese) {
    EXPECT_THAT(words<RunMode>(), ElementsAre("noop", "live"));
    EXPECT_THAT(words<Profile>(), ElementsAre("strict", "simulate", "live", "template", ""));
    EXPECT_THAT(words<Phase>(), ElementsAre("fetch", "files", "template", "script", "shell", "diff", "check",
                                            "action", "merge"));
    EXPECT_THAT(words<NoticeKind>(), ElementsAre("would-execute", "refused", "restricted", "left-running",
                                                 "copied-shim", "network", "read-only", "runtime", "kept"));
    EXPECT_THAT(words<ActionOutcome>(), ElementsAre("pending", "done", "failed"));
    EXPECT_THAT(words<ModuleOutcome>(), ElementsAre("in-sync", "changed", "failed", "skipped"));
    EXPECT_THAT(words<RunOutcome>(),
                ElementsAre("in-sync", "pending", "merged", "failed", "conflict", "undone", "interrupted"));
    EXPECT_THAT(words<ChangeKind>(), ElementsAre("created", "modified", "deleted", "metadata", "replaced"));
}

/// Nine different numbers, so that no two fields can be mixed up unseen.
ResourceUsage usage(std::int64_t times) {
    const auto seconds = static_cast<double>(times);
    return {.user_s = 0.5 * seconds,
            .sys_s = 0.25 * seconds,
            .max_rss_kib = 1000 * times,
            .minor_faults = 3 * times,
            .major_faults = 5 * times,
            .blocks_in = 7 * times,
            .blocks_out = 11 * times,
            .switches_voluntary = 13 * times,
            .switches_involuntary = 17 * times};
}

void expect_equal(const ResourceUsage& a, const ResourceUsage& b) {
    EXPECT_DOUBLE_EQ(a.user_s, b.user_s);
    EXPECT_DOUBLE_EQ(a.sys_s, b.sys_s);
    EXPECT_EQ(a.max_rss_kib, b.max_rss_kib);
    EXPECT_EQ(a.minor_faults, b.minor_faults);
    EXPECT_EQ(a.major_faults, b.major_faults);
    EXPECT_EQ(a.blocks_in, b.blocks_in);
    EXPECT_EQ(a.blocks_out, b.blocks_out);
    EXPECT_EQ(a.switches_voluntary, b.switches_voluntary);
    EXPECT_EQ(a.switches_involuntary, b.switches_involuntary);
}

TEST(ResourceUsage, IsTakenFromTheKernelsFieldByField) {
    struct rusage kernel = {};
    kernel.ru_utime = {1, 500000};
    kernel.ru_stime = {0, 750000};
    kernel.ru_maxrss = 3000;
    kernel.ru_minflt = 9;
    kernel.ru_majflt = 15;
    kernel.ru_inblock = 21;
    kernel.ru_oublock = 33;
    kernel.ru_nvcsw = 39;
    kernel.ru_nivcsw = 51;
    expect_equal(resource_usage(kernel), usage(3));
}

TEST(ResourceUsage, AddsUpButForTheMemoryWhichIsTheLargest) {
    ResourceUsage expected = usage(6);
    expected.max_rss_kib = 4000;
    expect_equal(usage(2) + usage(4), expected);
    expect_equal(usage(4) + usage(2), expected);
    expect_equal(usage(4) + ResourceUsage{}, usage(4));
}

TEST(ResourceUsage, OfASpanIsTheDifferenceWithTheLaterMemory) {
    ResourceUsage expected = usage(3);
    expected.max_rss_kib = 5000;
    expect_equal(usage(5) - usage(2), expected);
}

TEST(ModuleReport, CountsChangesOfEveryKind) {
    ModuleReport module;
    EXPECT_EQ(module.changes(), 0U);
    module.change_counts = {1, 20, 300, 4000, 50000};
    EXPECT_EQ(module.changes(), 54321U);
}

} // namespace
} // namespace disco::model
