#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <poll.h>

namespace disco::border::cell {

/// Stands between a question and a daemon that does all for whoever speaks to it (docker's, podman's): what
/// only asks is put together anew and passed on, at all else the question is hung up on.
class ReadOnlyDaemon {
public:
    /// `place`: a name for a socket of its own, in a directory that only root may enter.
    explicit ReadOnlyDaemon(std::string place) : place_{std::move(place)} {}
    ReadOnlyDaemon(const ReadOnlyDaemon&) = delete;
    ReadOnlyDaemon& operator=(const ReadOnlyDaemon&) = delete;
    ~ReadOnlyDaemon();

    /// Connects `socket`, which is the question's, to the daemon at `path`, with this between. An errno.
    [[nodiscard]] int connect(int socket, const std::string& path);

    /// Hangs up on all, and takes away the socket's name. The destructor does so, too.
    void end();

    void add_waits(std::vector<pollfd>& waits) const;
    /// Passes on what is there.
    void serve(const std::vector<pollfd>& waits);

private:
    struct Line {
        int question = -1, daemon = -1;
        std::string head;       ///< of a request that is not whole yet
        bool asked_all = false; ///< the question says no more, and may still be answered
    };
    [[nodiscard]] bool hear_question(Line& line);
    [[nodiscard]] static bool hear_daemon(Line& line);
    static void close(Line& line);

    std::string place_;
    int listening_ = -1;
    std::list<Line> lines_;
};

} // namespace disco::border::cell
