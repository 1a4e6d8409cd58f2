#include "runner/sandbox/egress_command.hpp"

#include "runner/sys/program.hpp"

#include <fmt/format.h>

namespace disco::sandbox {
namespace {

std::string descriptor(int fd) { return fmt::format("/proc/self/fd/{}", fd); }

/// Without these options pasta would answer for the addresses of the gateway and the host, and forward every
/// port that is listened on. It runs as root, because another user could not join a namespace of root's; it
/// gives up all capabilities but CAP_SYS_ADMIN and CAP_NET_BIND_SERVICE, and all files.
std::vector<std::string> pasta_words(bool forwarded) {
    std::vector<std::string> words = {"pasta",
                                      "--foreground",
                                      "--quiet",
                                      "--config-net",
                                      "--no-map-gw",
                                      "--tcp-ports",
                                      "none",
                                      "--udp-ports",
                                      "none",
                                      "--tcp-ns",
                                      "none",
                                      "--udp-ns",
                                      "none",
                                      "--runas",
                                      "0",
                                      "--pid", // written when all is ready
                                      descriptor(egress_fd::output)};
    if (forwarded) words.insert(words.end(), {"--dns-forward", forwarder_of(EgressKind::pasta)});
    words.insert(words.end(), {"--no-netns-quit", "--netns", descriptor(egress_fd::network)});
    return words;
}

/// Its own network would be 10.0.2.0/24, which hides the host's where that is the same, as in many a virtual
/// machine. Nobody has this one.
constexpr const char* slirp4netns_network = "169.254.2.0/24";

std::vector<std::string> slirp4netns_words(bool forwarded) {
    std::vector<std::string> words = {"slirp4netns",
                                      "--configure",
                                      "--mtu=65520",
                                      fmt::format("--cidr={}", slirp4netns_network),
                                      "--disable-host-loopback",
                                      "--enable-sandbox",
                                      "--enable-seccomp",
                                      fmt::format("--ready-fd={}", egress_fd::beyond)};
    if (!forwarded) words.emplace_back("--disable-dns");
    words.insert(words.end(), {"--netns-type=path", descriptor(egress_fd::network), "tap0"});
    return words;
}

} // namespace

const char* to_string(EgressKind kind) {
    switch (kind) {
    case EgressKind::pasta: return "pasta";
    case EgressKind::slirp4netns: return "slirp4netns";
    }
    return "?"; // not reached: -Wswitch guards the list
}

std::optional<EgressProgram> find_egress_program(std::string_view path) {
    for (const EgressKind kind : {EgressKind::pasta, EgressKind::slirp4netns})
        if (auto file = sys::find_program(to_string(kind), path))
            return EgressProgram{kind, std::move(*file)};
    return std::nullopt;
}

const char* forwarder_of(EgressKind kind) {
    switch (kind) {
    case EgressKind::pasta: return "169.254.1.1"; // ours to choose: link-local, so nobody's beyond the link
    case EgressKind::slirp4netns: return "169.254.2.3"; // the third of its network
    }
    return "?"; // not reached: -Wswitch guards the list
}

EgressCommand make_egress_command(const EgressProgram& program, bool forwarded) {
    EgressCommand command{.path = program.path,
                          .argv = {},
                          .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}};
    switch (program.kind) {
    case EgressKind::pasta: command.argv = pasta_words(forwarded); break;
    case EgressKind::slirp4netns: // it prints warnings to standard output
        command.argv = slirp4netns_words(forwarded);
        command.ready = egress_fd::beyond;
        break;
    }
    return command;
}

} // namespace disco::sandbox
