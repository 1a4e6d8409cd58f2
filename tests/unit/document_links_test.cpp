// Links between the documents lead to files and sections that are there.

#include "runner/sys/files.hpp"
#include "tests/support/build_tree.hpp"

#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

/// The lines of a Markdown text that are not in a block of code.
std::vector<std::string> prose(const std::string& markdown) {
    std::vector<std::string> lines;
    std::istringstream stream{markdown};
    bool block = false;
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("```"))
            block = !block;
        else if (!block)
            lines.push_back(line);
    }
    return lines;
}

/// What `#name` in a link may be: headings in small letters, with hyphens for spaces and without punctuation.
std::set<std::string> sections(const std::string& markdown) {
    std::set<std::string> names;
    for (const std::string& line : prose(markdown)) {
        const std::size_t text = line.find_first_not_of('#');
        if (text == 0 || text == std::string::npos || line[text] != ' ') continue;
        std::string name;
        for (const char character : line.substr(text + 1)) {
            const auto byte = static_cast<unsigned char>(character);
            if (character == ' ')
                name += '-';
            else if (std::isalnum(byte) || character == '-' || character == '_')
                name += static_cast<char>(std::tolower(byte));
        }
        names.insert(name);
    }
    return names;
}

std::vector<std::string> links(const std::string& markdown) {
    static const std::regex link{R"(\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+))"};
    std::vector<std::string> targets;
    for (const std::string& line : prose(markdown))
        for (std::sregex_iterator it{line.begin(), line.end(), link}, end; it != end; ++it)
            targets.push_back((*it)[1].matched ? (*it)[1].str() : (*it)[2].str());
    return targets;
}

/// The links of a document of the tree that lead nowhere in it.
std::vector<std::string> broken(const fs::path& document) {
    std::vector<std::string> found;
    for (const std::string& link : links(sys::read_file(document))) {
        if (link.find("://") != std::string::npos) continue;
        const std::size_t hash = link.find('#');
        const std::string path = link.substr(0, hash);
        const fs::path target = path.empty() ? document : document.parent_path() / path;
        if (!fs::exists(target) ||
            (hash != std::string::npos && !sections(sys::read_file(target)).contains(link.substr(hash + 1))))
            found.push_back(fmt::format("{}: {}", document.filename().string(), link));
    }
    return found;
}

std::vector<fs::path> documents() {
    std::vector<fs::path> files;
    for (const fs::path& directory : {source_tree(), source_tree() / "docs"})
        for (const auto& entry : fs::directory_iterator{directory})
            if (entry.path().extension() == ".md") files.push_back(entry.path());
    return files;
}

TEST(DocumentLinks, LeadSomewhere) {
    ASSERT_THAT(documents(), Not(IsEmpty()));
    for (const fs::path& document : documents()) EXPECT_THAT(broken(document), IsEmpty());
}

TEST(DocumentLinks, AreThoseOutsideOfCode) {
    EXPECT_THAT(links("[a](b.md) and [c](d.md#e)\n```\n[f](g)\n```\n[1]: https://example.org/\n"),
                ElementsAre("b.md", "d.md#e", "https://example.org/"));
}

TEST(DocumentLinks, SectionsAreNamedAfterHeadings) {
    EXPECT_THAT(sections("# One\n## One command: `disco exec`\n```\n# no heading\n```\n#no heading\n"),
                ElementsAre("one", "one-command-disco-exec"));
}

} // namespace
} // namespace disco::tests
