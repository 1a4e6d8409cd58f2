#include "tests/support/rsync_daemon.hpp"

#include <string_view>

#include <fmt/format.h>

namespace disco::tests {

RsyncDaemon::RsyncDaemon(const std::vector<Share>& shares)
    : directory_{std::filesystem::temp_directory_path(), "rsyncd-"} {
    // As root, without chroot, so that tests can serve any directory; read-only.
    std::string text = "use chroot = no\nread only = yes\nuid = 0\ngid = 0\nreverse lookup = no\n";
    for (const Share& share : shares)
        text += fmt::format("[{}]\npath = {}\n{}\n", share.name, share.path.string(), share.options);
    const std::filesystem::path configuration = directory_.path() / "rsyncd.conf";
    sys::write_file_atomically(configuration, text, 0600);
    const std::string log = directory_.path() / "log";
    auto started = start_listening(
        [&](int port) -> std::vector<std::string> {
            return {"/usr/bin/rsync",
                    "--daemon",
                    "--no-detach",
                    "--address=127.0.0.1",
                    fmt::format("--port={}", port),
                    "--config=" + configuration.string(),
                    "--log-file=" + log};
        },
        log);
    process_ = std::move(started.first);
    port_ = started.second;
}

RsyncDaemon RsyncDaemon::one_module_each(const std::filesystem::path& universe) {
    std::vector<Share> shares = {{"parameters", universe / "parameters"}};
    for (const auto& entry : std::filesystem::directory_iterator{universe / "modules"})
        shares.push_back({entry.path().filename().string(), entry.path()});
    return RsyncDaemon{shares};
}

std::string RsyncDaemon::uri(const std::string& share) const {
    return fmt::format("rsync://127.0.0.1:{}/{}", port_, share);
}

} // namespace disco::tests
