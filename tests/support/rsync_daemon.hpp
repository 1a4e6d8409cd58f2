#pragma once

#include "tests/support/daemon_process.hpp"

#include "runner/sys/files.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace disco::tests {

/// A real rsync daemon on 127.0.0.1 with a configuration of its own. Ends with its owner, and leaves nothing.
class RsyncDaemon {
public:
    struct Share {
        std::string name; ///< of the rsync module
        std::filesystem::path path;
        std::string options = {}; ///< more lines of rsyncd.conf(5) for it
    };
    /// Returns when the daemon answers; throws sys::Error when it does not.
    explicit RsyncDaemon(const std::vector<Share>& shares);
    /// The layout of 2012: one rsync module per directory of `universe`/modules, and `parameters`.
    [[nodiscard]] static RsyncDaemon one_module_each(const std::filesystem::path& universe);

    [[nodiscard]] int port() const noexcept { return port_; }
    /// "rsync://127.0.0.1:PORT/SHARE"; with an empty name the URI of the one-module-each layout.
    [[nodiscard]] std::string uri(const std::string& share) const;
    /// What it has logged.
    [[nodiscard]] std::string log() const { return sys::read_file(directory_.path() / "log"); }
    /// Ends it now; its port refuses connections from then on.
    void stop() { process_.stop(); }

private:
    sys::OwnedDirectory directory_;
    int port_ = 0;
    DaemonProcess process_;
};

} // namespace disco::tests
