#pragma once

#include "tests/support/daemon_process.hpp"

#include "runner/sys/files.hpp"

#include <optional>
#include <string>
#include <vector>

namespace disco::tests {

/// A real sshd on 127.0.0.1 with keys made for it, which lets the user of this process in. Needs root. Ends
/// with its owner, and leaves nothing.
class SshDaemon {
public:
    /// Returns when it answers; throws sys::Error when it does not.
    SshDaemon();
    SshDaemon(SshDaemon&&) = default;
    ~SshDaemon();

    [[nodiscard]] int port() const noexcept { return port_; }
    /// "USER@127.0.0.1:DIRECTORY"
    [[nodiscard]] std::string uri(const std::string& directory) const;
    /// A command line that reaches it: ssh with its port, key and known_hosts.
    [[nodiscard]] std::string ssh_command() const;
    /// rsync and that, as words: `rsync -e 'ssh …'`.
    [[nodiscard]] std::vector<std::string> rsync_words() const { return {"rsync", "-e", ssh_command()}; }
    /// The same without the key: not let in.
    [[nodiscard]] std::vector<std::string> rsync_words_without_key() const;
    void stop() { process_.stop(); }

private:
    sys::OwnedDirectory directory_;
    std::optional<sys::OwnedDirectory> separation_; ///< /run/sshd, if it had to be made
    int port_ = 0;
    DaemonProcess process_;
};

} // namespace disco::tests
