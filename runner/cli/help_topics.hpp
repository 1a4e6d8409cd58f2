#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

// Manual pages about things that are no commands: `disco help universe`.
namespace disco::cli {

struct HelpTopic {
    const char *name, *page; ///< of the manual page, without its section
    int section;
    const char* about;
};

/// Nothing when it is none. Pure.
[[nodiscard]] std::optional<HelpTopic> help_topic(std::string_view name);

/// A line for each, for the end of the help of all commands. Pure.
[[nodiscard]] std::string list_of_topics();

/// Becomes man(1), which shows the page: the one that was installed with this program, else the one that
/// man(1) finds. Throws Error that says where the page lies when there is no man(1).
[[noreturn]] void show_topic(const HelpTopic& topic);

} // namespace disco::cli
