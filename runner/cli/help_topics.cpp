#include "runner/cli/help_topics.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/own_program.hpp"
#include "runner/sys/program.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array topics = {
    HelpTopic{"universe", "disco-universe", 5, "The tree on the server: modules, nodes, parameters"},
    HelpTopic{"modules", "disco-module", 5, "What a module is made of, and what its scripts may do"},
    HelpTopic{"policies", "disco-policy", 5, "What sandboxed programs may do, and how to allow more"},
    HelpTopic{"undo", "disco", 8, "Rollback, recovery, confirmation; exit codes, files, the journal"},
    HelpTopic{"settings", "disco-run", 8, "Options and parameters of a run"},
    HelpTopic{"defer", "disco-defer", 8, "How a script has a command run after the merge"},
};

std::string file_name(const HelpTopic& topic) { return fmt::format("{}.{}", topic.page, topic.section); }

/// The page beside this program (…/sbin/disco, …/share/man/man5), as it is or compressed.
std::optional<fs::path> installed_page(const HelpTopic& topic) {
    const fs::path directory =
        sys::own_program().parent_path().parent_path() / fmt::format("share/man/man{}", topic.section);
    for (const char* ending : {"", ".gz"})
        if (fs::path page = directory / (file_name(topic) + ending); sys::stat_path(page)) return page;
    return std::nullopt;
}

} // namespace

std::optional<HelpTopic> help_topic(std::string_view name) {
    const auto* const found = std::find_if(topics.begin(), topics.end(),
                                           [&](const HelpTopic& topic) { return name == topic.name; });
    return found == topics.end() ? std::nullopt : std::optional{*found};
}

std::string list_of_topics() {
    std::string text = "Topics of 'disco help':\n";
    for (const HelpTopic& topic : topics) text += fmt::format("  {:<27} {}\n", topic.name, topic.about);
    return text;
}

void show_topic(const HelpTopic& topic) {
    const auto page = installed_page(topic);
    std::vector<std::string> words = {"man"};
    if (page)
        words.insert(words.end(), {"-l", page->string()});
    else
        words.insert(words.end(), {std::to_string(topic.section), topic.page});
    ::execvp(words[0].c_str(), sys::word_pointers(words).data());
    if (errno != ENOENT) throw sys::SysError{errno, "show a manual page with", "man"};
    throw sys::Error{
        fmt::format("cannot show the manual page {}({}): there is no man(1) here; install the package "
                    "man-db{}",
                    topic.page, topic.section, page ? fmt::format(", or read '{}'", page->string()) : "")};
}

} // namespace disco::cli
