#pragma once

#include <string>
#include <string_view>

namespace disco::fetch {

enum class ServerLayout {
    local,           ///< /srv/universe
    daemon_universe, ///< rsync://host[:port]/universe[/dir], [user@]host::universe[/dir]: one rsync module
                     ///< holds the tree
    daemon_modules,  ///< [user@]host:: or rsync://host[:port]/: one rsync module per disco module, and
                     ///< `parameters`
    ssh,             ///< [user@]host:/path
};

/// Where the universe is. A value; parsing is pure.
struct ServerUri {
    std::string text; ///< as given, for messages
    ServerLayout layout = ServerLayout::local;

    /// rsync's name of a path of the universe ("modules/nginx", "parameters/web1"), for its command line. In
    /// daemon_modules "modules/nginx/files" becomes "host::nginx/files". No trailing slash is added.
    [[nodiscard]] std::string source(std::string_view relative) const;
};

/// Throws BadConfiguration that quotes the text and lists the accepted forms.
[[nodiscard]] ServerUri parse_server_uri(std::string_view text);

/// What a person types: a directory that is named from the working directory on ("universe", "./u:1") by its
/// full path, anything else as it is.
[[nodiscard]] std::string server_from_here(const std::string& text);

} // namespace disco::fetch
