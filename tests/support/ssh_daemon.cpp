#include "tests/support/ssh_daemon.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/program.hpp"

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

void make_key(const std::filesystem::path& file) {
    const sys::ProgramResult made =
        sys::run_program({.argv = {"/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "disco-test",
                                   "-f", file.string()},
                          .environment = {},
                          .input = {},
                          .timeout = std::chrono::seconds{30}});
    if (!made.succeeded()) throw sys::Error{fmt::format("ssh-keygen makes no key: {}", made.error)};
}

/// The privilege separation directory that sshd insists on; empty when there is one already.
std::optional<sys::OwnedDirectory> separation_directory() {
    constexpr const char* path = "/run/sshd";
    if (sys::stat_path(path)) return std::nullopt;
    sys::OwnedDirectory made{"/run", "sshd-"};
    // The name is compiled into sshd. Whoever finds it there in the meantime can go on using it.
    std::filesystem::create_directory(path);
    return made;
}

} // namespace

SshDaemon::SshDaemon()
    : directory_{std::filesystem::temp_directory_path(), "sshd-"}, separation_{separation_directory()} {
    const std::filesystem::path& directory = directory_.path();
    make_key(directory / "host_key");
    make_key(directory / "user_key");
    sys::write_file_atomically(directory / "authorized_keys", sys::read_file(directory / "user_key.pub"),
                               0600);
    const std::string log = directory / "log";
    auto started = start_listening(
        [&](int port) -> std::vector<std::string> {
            const std::string text = fmt::format(
                "ListenAddress 127.0.0.1\nPort {}\nHostKey {}\nAuthorizedKeysFile {}\n"
                "PidFile none\nUsePAM no\nPasswordAuthentication no\n"
                "PermitRootLogin prohibit-password\nStrictModes no\n"
                "SetEnv SHLVL=1\n", // bash takes itself for no login then, and reads no ~/.bashrc
                port, (directory / "host_key").string(), (directory / "authorized_keys").string());
            sys::write_file_atomically(directory / "sshd_config", text, 0600);
            return {"/usr/sbin/sshd", "-D", "-e", "-f", directory / "sshd_config"};
        },
        log);
    process_ = std::move(started.first);
    port_ = started.second;
    const std::string host_key = sys::read_file(directory / "host_key.pub");
    sys::write_file_atomically(directory / "known_hosts", fmt::format("[127.0.0.1]:{} {}", port_, host_key),
                               0600);
}

SshDaemon::~SshDaemon() { process_.stop(); }

std::string SshDaemon::uri(const std::string& directory) const {
    const struct passwd* user = ::getpwuid(::geteuid());
    if (user == nullptr) throw sys::Error{"this process's user has no name"};
    return fmt::format("{}@127.0.0.1:{}", user->pw_name, directory);
}

std::string SshDaemon::ssh_command() const {
    return fmt::format(
        "ssh -F none -p {} -i {} -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile={}", port_,
        (directory_.path() / "user_key").string(), (directory_.path() / "known_hosts").string());
}

std::vector<std::string> SshDaemon::rsync_words_without_key() const {
    return {
        "rsync", "-e",
        fmt::format(
            "ssh -F none -p {} -i /dev/null -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile={}",
            port_, (directory_.path() / "known_hosts").string())};
}

} // namespace disco::tests
