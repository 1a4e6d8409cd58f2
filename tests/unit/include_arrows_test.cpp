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
using testing::Pair;
using testing::UnorderedElementsAre;

using Arrows = std::map<std::string, std::set<std::string>>;

/// Folder → what it may include besides itself: what its library is linked with, by the build's
/// `disco_layer(NAME FOLDER LIBRARIES…)`. Siblings do not know one another.
Arrows arrows_of_the_build(std::string text) {
    std::map<std::string, std::string> folders = {{"disco_policy", "policy"}};
    std::map<std::string, std::vector<std::string>> libraries;
    const std::string call = "\ndisco_layer(";
    for (std::size_t at = text.find(call); at != std::string::npos; at = text.find(call, at + 1)) {
        const std::size_t begin = at + call.size();
        std::istringstream words{text.substr(begin, text.find(')', begin) - begin)};
        std::string name, folder;
        words >> name >> folder;
        folders[name] = folder;
        libraries[folder];
        for (std::string library; words >> library;) libraries[folder].push_back(library);
    }
    Arrows arrows;
    for (const auto& [folder, names] : libraries) {
        arrows[folder];
        for (const std::string& name : names)
            if (folders.contains(name)) arrows[folder].insert(folders.at(name));
    }
    return arrows;
}

Arrows all_arrows() {
    Arrows arrows = arrows_of_the_build(sys::read_file(source_tree() / "CMakeLists.txt"));
    // Libraries and programs that are made in other words.
    arrows["policy"] = {"runner/model", "runner/sys"};
    arrows["runner/border/cell"] = {"policy"}; // a program of its own
    arrows["programs"] = {"runner/cli", "runner/border/cell", "policy", "runner/model", "runner/sys"};
    return arrows;
}

/// Headers of other folders that need no library of theirs: also for the cell, which has none.
const std::set<std::string> headers_alone = {"runner/sys/capability_set.hpp", "runner/sys/text_lines.hpp",
                                             "runner/sys/text_number.hpp"};

/// Of a line that includes a file of the project; else empty.
std::string included_file(std::string_view line) {
    constexpr std::string_view own = "#include \"";
    if (!line.starts_with(own)) return {};
    return std::string{line.substr(own.size(), line.find('"', own.size()) - own.size())};
}
std::string included_folder(std::string_view line) { return fs::path{included_file(line)}.parent_path(); }

/// Every include of a file that its folder has no arrow to, and whatever only one folder may use.
std::vector<std::string> violations(const std::string& folder, std::string_view text) {
    static const Arrows arrows = all_arrows();
    std::vector<std::string> found;
    const auto known = arrows.find(folder);
    if (known == arrows.end()) return {fmt::format("folder {} has no arrows", folder)};
    std::istringstream lines{std::string{text}};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("#include <CLI/") && folder != "runner/cli") found.push_back(line);
        if (line.starts_with("#include <seccomp.h>") && folder != "policy") found.push_back(line);
        const std::string to = included_folder(line);
        if (to.empty()) continue;
        const bool alone = folder == "runner/border/cell" && headers_alone.contains(included_file(line));
        if (to != folder && !known->second.contains(to) && !alone) found.push_back(line);
    }
    return found;
}

std::vector<fs::path> sources() {
    std::vector<fs::path> files;
    for (const char* top : {"programs", "runner", "policy", "templates"})
        for (const auto& entry : fs::recursive_directory_iterator{source_tree() / top})
            if (entry.path().extension() == ".cpp" || entry.path().extension() == ".hpp")
                files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

TEST(IncludeArrows, AreTheBuilds) {
    const Arrows arrows = all_arrows();
    for (const fs::path& file : sources()) {
        const std::string folder = fs::relative(file.parent_path(), source_tree());
        EXPECT_TRUE(arrows.contains(folder)) << folder;
    }
    for (const auto& [folder, others] : arrows)
        for (const std::string& other : others)
            EXPECT_FALSE(arrows.contains(other) && arrows.at(other).contains(folder))
                << folder << " and " << other << " know one another";
    EXPECT_THAT(arrows_of_the_build("\ndisco_layer(disco_a a disco_b\n    X)\ndisco_layer(disco_b b)\n"),
                UnorderedElementsAre(Pair("a", ElementsAre("b")), Pair("b", IsEmpty())));
}

TEST(IncludeArrows, AreNeeded) {
    Arrows used;
    for (const fs::path& file : sources()) {
        std::istringstream lines{sys::read_file(file)};
        std::string line;
        while (std::getline(lines, line))
            if (const std::string to = included_folder(line); !to.empty())
                used[fs::relative(file.parent_path(), source_tree())].insert(to);
    }
    for (const auto& [folder, others] : all_arrows())
        for (const std::string& other : others)
            EXPECT_TRUE(used[folder].contains(other)) << folder << " does not use " << other;
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
