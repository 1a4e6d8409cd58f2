#pragma once

#include <cstddef>
#include <string>

#include <sys/types.h>

namespace disco::border::cell {

/// Processes and threads of a user on the machine, as far as /proc shows them.
[[nodiscard]] std::size_t tasks_of(uid_t user);

/// A user id that nothing else on the machine has, while this lives: so that all processes of a question can
/// be ended at once, and none of anybody else, whatever it has started meanwhile.
///
/// The ids are of the few that neither systemd (UIDS-GIDS) nor Debian's policy (9.2.2) gives to anybody, and
/// no directory service should: 65520 to 65531. Who has one holds a lock on a file of /run/disco/query-users,
/// in whatever run of disco. An id under which anything runs already, in a container say, is left alone. Ends
/// the process with a message when there is no such place.
class OwnUser {
public:
    static constexpr uid_t any = ~uid_t{0};

    OwnUser();
    OwnUser(const OwnUser&) = delete;
    OwnUser& operator=(const OwnUser&) = delete;
    ~OwnUser();

    [[nodiscard]] uid_t id() const noexcept { return id_; }
    /// The file that is locked: a name that is its holder's alone, where only root may look.
    [[nodiscard]] std::string place() const;

    /// Every process of the user gets SIGKILL, in one call: none can fork away from it. Once for all: in a
    /// child, as it takes the user's own rights.
    void end_processes() const;

private:
    uid_t id_ = 0;
    int lock_ = -1;
};

} // namespace disco::border::cell
