#pragma once

#include "runner/fetch/fetch_settings.hpp"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

// The command lines of rsync. Pure: no connection, no file.
namespace disco::fetch {

enum class RsyncMode {
    copy,    ///< into an empty or absent directory
    compare, ///< nothing is written; each difference of the destination is a line of output
};

/// One run of rsync.
struct RsyncCall {
    RsyncMode mode = RsyncMode::copy;
    std::string source;                ///< rsync's name of a directory, without the last '/'
    std::filesystem::path destination; ///< absolute
    std::filesystem::path link_to;     ///< equal files become links to those below it; absolute, or empty
    std::vector<std::string> filters;  ///< rsync filter rules, first match wins
    std::set<std::string> names;       ///< when not empty: only these below `source`
};

/// The words of the command.
[[nodiscard]] std::vector<std::string> rsync_command(const FetchSettings& settings, const RsyncCall& call);

/// The same as several calls, each of which names no more than the words of one command have room for: one
/// call, unless it names very many. They write into one destination, so they are to be run one after the
/// other.
[[nodiscard]] std::vector<RsyncCall> parts_of(ServerLayout layout, const RsyncCall& call);

/// The whole environment of rsync and of what it starts; `lookup` is getenv(3) or a stand-in.
[[nodiscard]] std::vector<std::string> rsync_environment(const char* (*lookup)(const char*));

/// Which parts of a module are metadata: for a source that is a module, and for one that holds many.
[[nodiscard]] std::vector<std::string> metadata_filters_of_module();
[[nodiscard]] std::vector<std::string> metadata_filters_of_all_modules();

/// The first path components that a `compare` run found different. Throws Error on a line it cannot read.
[[nodiscard]] std::set<std::string> differing_names(std::string_view compare_output);

} // namespace disco::fetch
