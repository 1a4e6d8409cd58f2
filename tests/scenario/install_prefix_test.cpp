// What `cmake --install` puts below a prefix of its own names itself, and nothing that is not there.

#include "runner/sys/files.hpp"
#include "runner/sys/program.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/throw_away.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

sys::ProgramResult run(const std::vector<std::string>& words, std::vector<std::string> environment = {}) {
    environment.emplace_back("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
    return sys::run_program({.argv = words,
                             .environment = std::move(environment),
                             .input = {},
                             .timeout = std::chrono::minutes{2}});
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
    const std::regex regex{pattern};
    std::set<std::string> found;
    for (std::sregex_iterator match{text.begin(), text.end(), regex}, end; match != end; ++match)
        found.insert((*match)[1]);
    return found;
}

class Install : public ThrowAwayTest, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        ThrowAwayTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        need({"/usr/bin/cmake"});
        if (IsSkipped() || HasFatalFailure()) return;
        const auto result =
            run({"cmake", "--install", build_tree(), "--prefix", prefix}, {"DESTDIR=" + destination()});
        ASSERT_EQ(result.exit, 0) << result.output << result.error;
    }
    [[nodiscard]] std::string destination() const { return place() / "destination"; }
    /// Where what the installed machine knows by this path lies here.
    [[nodiscard]] fs::path here(const std::string& path) const { return destination() + path; }

    /// Of "disco(8)", also with the blank that its macro puts before the section.
    [[nodiscard]] std::string manual_page(const std::string& name) const {
        const std::string title = name.substr(0, name.find_first_of(" (")), section{*(name.rbegin() + 1)};
        return prefix + "/share/man/man" + section + "/" + title + "." + section;
    }

    /// All texts, by path; how a manual page writes hyphens is undone.
    [[nodiscard]] std::map<std::string, std::string> texts() const {
        std::map<std::string, std::string> texts;
        for (const auto& entry : fs::recursive_directory_iterator{destination()}) {
            if (!entry.is_regular_file() || entry.is_symlink()) continue;
            std::string text = sys::read_file(entry.path());
            if (text.find('\0') != std::string::npos) continue;
            texts[entry.path().string().substr(destination().size())] =
                std::regex_replace(text, std::regex{R"(\\-)"}, "-");
        }
        return texts;
    }

    const std::string prefix = GetParam();
};

TEST_P(Install, TextsNameTheirOwnPrefixAndFilesThatAreThere) {
    std::size_t named = 0;
    for (const auto& [file, text] : texts()) {
        EXPECT_TRUE(prefix == "/usr/local" || text.find("/usr/local") == std::string::npos) << file;
        EXPECT_THAT(text, Not(HasSubstr(source_tree().string()))) << file;
        EXPECT_THAT(text, Not(HasSubstr(destination()))) << file;
        // /var/lib/disco is the state, /run/disco what sandboxes see, and "lib/disco/NAME" without a slash
        // before it is said of the prefix.
        for (const std::string& path : matches(
                 text, R"((?:^|[^A-Za-z0-9_.])(/[A-Za-z0-9_./-]*(?:s?bin/disco|lib/disco|share/doc/disco))"
                       R"((?:[A-Za-z0-9_/.-]*[A-Za-z0-9_-])?))")) {
            if (path.starts_with("/var/lib/disco") || path.starts_with("/run/disco")) continue;
            ++named;
            EXPECT_TRUE(path.starts_with(prefix + "/")) << file << " names " << path;
            EXPECT_TRUE(fs::exists(here(path))) << file << " names " << path;
        }
        for (const std::string& path : matches(text, R"([^/](share/doc/disco/[A-Za-z0-9_.-]*[A-Za-z0-9]))"))
            EXPECT_TRUE(fs::exists(here(prefix + "/" + path))) << file << " names " << path;
    }
    EXPECT_GE(named, 4U); // one in each unit, two in the manual
}

TEST_P(Install, UnitsStartProgramsAndNamePagesThatAreThere) {
    std::size_t programs = 0, pages = 0;
    for (const auto& [file, text] : texts()) {
        if (!file.starts_with(prefix + "/lib/systemd/system/")) continue;
        for (const std::string& program : matches(text, R"(\nExec[A-Za-z]*=([^ \n]+))")) {
            ++programs;
            EXPECT_EQ(run({here(program), "--version"}).exit, 0) << file << " starts " << program;
        }
        for (const std::string& page : matches(text, R"(man:([a-z-]+\([58]\)))")) {
            ++pages;
            EXPECT_TRUE(fs::exists(here(manual_page(page)))) << file << " names " << page;
        }
    }
    EXPECT_EQ(programs, 5U);
    EXPECT_EQ(pages, 6U);
}

TEST_P(Install, ManualPagesNamePagesThatAreThere) {
    std::size_t pages = 0;
    for (const auto& [file, text] : texts()) {
        if (!file.starts_with(prefix + "/share/man/")) continue;
        for (const std::string& page : matches(text, R"((disco[a-z-]* ?\([58]\)))")) {
            ++pages;
            EXPECT_TRUE(fs::exists(here(manual_page(page)))) << file << " names " << page;
        }
    }
    EXPECT_GE(pages, 7U); // each names one at least
}

TEST_P(Install, LinksLeadToWhatIsThere) {
    std::size_t links = 0;
    for (const auto& entry : fs::recursive_directory_iterator{destination()})
        if (entry.is_symlink()) {
            ++links;
            EXPECT_TRUE(fs::exists(entry.path())) << entry.path();
        }
    EXPECT_EQ(links, 2U);
}

INSTANTIATE_TEST_SUITE_P(Below, Install, testing::Values("/usr", "/usr/local", "/opt/disco-2"),
                         [](const auto& row) {
                             return std::regex_replace(std::string{row.param}.substr(1), std::regex{"[/-]"},
                                                       "_");
                         });

} // namespace
} // namespace disco::tests
