#include "runner/sys/program.hpp"
#include "tests/support/build_tree.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// What disco writes is what its schemas say; other programs check it. The golden files are what it writes.
namespace disco::tests {
namespace {

namespace fs = std::filesystem;

/// Where a program is missing, a test is skipped, but in continuous integration.
void expect_valid(const std::vector<std::string>& argv, const std::string& needs) {
    const bool must_run = std::getenv("DISCO_TESTS_MUST_RUN") != nullptr;
    if (!fs::exists(argv[0]) && !must_run) GTEST_SKIP() << argv[0] << " is missing: install " << needs;
    const sys::ProgramResult result = sys::run_program(
        {.argv = argv, .environment = {"PATH=/usr/bin:/bin"}, .input = {}, .timeout = std::nullopt});
    EXPECT_TRUE(result.succeeded()) << result.output << result.error;
}

TEST(ReportSchemas, OfJsonHolds) {
    constexpr const char* check = R"(
import json, sys
from jsonschema import Draft202012Validator as Validator
schema = json.load(open(sys.argv[1]))
Validator.check_schema(schema)
report = json.load(open(sys.argv[2]))
Validator(schema).validate(report)
report["run"]["outcome"] = "fine"
assert not Validator(schema).is_valid(report), "the schema takes anything"
)";
    expect_valid({"/usr/bin/python3", "-c", check, source_tree() / "docs/schemas/report.schema.json",
                  source_tree() / "tests/unit/golden/everything.json"},
                 "python3-jsonschema");
}

TEST(ReportSchemas, OfJunitHolds) {
    expect_valid({"/usr/bin/xmllint", "--noout", "--schema", source_tree() / "docs/schemas/junit.xsd",
                  source_tree() / "tests/unit/golden/everything.junit.xml"},
                 "libxml2-utils");
}

} // namespace
} // namespace disco::tests
