// The arrows between the folders, as docs/architecture.md draws them, and the size of files.

#include "runner/sys/files.hpp"
#include "tests/support/build_tree.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Folder → what it may include besides itself. Siblings do not know one another.
const std::map<std::string, std::set<std::string>> arrows = {
    {"runner", {"runner/cli"}}, // main.cpp
    {"runner/cli", {"runner/dance", "runner/fetch", "runner/report", "policy", "runner/model", "runner/sys"}},
    {"runner/dance",
     {"runner/fetch", "runner/overlay", "runner/sandbox", "runner/border", "runner/merge", "runner/report",
      "templates", "policy", "runner/model", "runner/sys"}},
    {"runner/fetch", {"runner/model", "policy", "runner/sys"}},
    {"runner/overlay", {"runner/model", "policy", "runner/sys"}},
    {"runner/sandbox", {"runner/model", "policy", "runner/sys"}},
    {"runner/border", {"runner/model", "policy", "runner/sys"}},
    {"runner/border/cell", {"policy"}}, // a program of its own
    {"runner/merge", {"runner/model", "policy", "runner/sys"}},
    {"runner/report", {"runner/model", "policy", "runner/sys"}},
    {"templates", {"runner/model", "policy", "runner/sys"}},
    {"policy", {"runner/model", "runner/sys"}},
    {"runner/model", {"runner/sys"}},
    {"runner/sys", {}},
};

/// Every include of a file that its folder has no arrow to, and whatever only one folder may use.
std::vector<std::string> violations(const std::string& folder, std::string_view text) {
    std::vector<std::string> found;
    const auto known = arrows.find(folder);
    if (known == arrows.end()) return {fmt::format("folder {} has no arrows", folder)};
    std::istringstream lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("#include <CLI/") && folder != "runner/cli") found.push_back(line);
        if (line.starts_with("#include <seccomp.h>") && folder != "policy") found.push_back(line);
        constexpr std::string_view own = "#include \"";
        if (!line.starts_with(own)) continue;
        const fs::path path{line.substr(own.size(), line.find('"', own.size()) - own.size())};
        const std::string to = path.parent_path();
        if (to != folder && !known->second.contains(to)) found.push_back(line);
    }
    return found;
}

std::vector<fs::path> sources() {
    std::vector<fs::path> files;
    for (const char* top : {"runner", "policy", "templates"})
        for (const auto& entry : fs::recursive_directory_iterator{source_tree() / top})
            if (entry.path().extension() == ".cpp" || entry.path().extension() == ".hpp")
                files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

TEST(IncludeArrows, PointDown) {
    const auto files = sources();
    EXPECT_GT(files.size(), 100U);
    for (const fs::path& file : files) {
        const std::string folder = fs::relative(file.parent_path(), source_tree());
        EXPECT_THAT(violations(folder, sys::read_file(file)), IsEmpty()) << file;
    }
}

TEST(IncludeArrows, AreSeenWhenTheyPointUpOrSideways) {
    EXPECT_THAT(violations("runner/sys", "#include \"runner/model/change.hpp\"\n"),
                ElementsAre(HasSubstr("runner/model/change.hpp")));
    EXPECT_THAT(violations("runner/merge",
                           "#include \"runner/overlay/layers.hpp\"\n#include \"runner/merge/merger.hpp\"\n"),
                ElementsAre(HasSubstr("layers.hpp")));
    EXPECT_THAT(violations("runner/dance", "#include <CLI/CLI.hpp>\n"), ElementsAre(HasSubstr("CLI")));
    EXPECT_THAT(violations("runner/nowhere", ""), ElementsAre(HasSubstr("no arrows")));
    EXPECT_THAT(violations("runner/model", "#include \"runner/sys/files.hpp\"\n#include <string>\n"),
                IsEmpty());
}

TEST(Files, StayUnderFourHundredLines) {
    for (const fs::path& file : sources()) {
        const std::string text = sys::read_file(file);
        EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 400) << file;
    }
}

} // namespace
} // namespace disco::tests
