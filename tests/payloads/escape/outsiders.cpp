// N: with the help of a user of the machine, who runs as the same user as a process in here: by a descriptor
// that he hands over, root changes the mode of a file of the machine, which Landlock does not cover.

#include "tests/payloads/escape/partner.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace escape {
namespace {

constexpr int patience_ms = 1500;

/// A socket that was given a name where everybody may go.
int bound_socket(int type) {
    const int socket = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", scratch);
    ::unlink(address.sun_path);
    ::chmod(scratch, 0777);
    if (socket < 0 || ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return -1;
    ::chmod(address.sun_path, 0777);
    return socket;
}

bool readable(int fd) {
    struct pollfd wait = {fd, POLLIN, 0};
    return ::poll(&wait, 1, patience_ms) == 1;
}

int receive_descriptor(int socket) {
    char byte = 0;
    iovec part = {&byte, sizeof byte};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (!readable(socket) || ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) < 0) return -1;
    const cmsghdr* const heading = CMSG_FIRSTHDR(&message);
    int descriptor = -1;
    if (heading != nullptr && heading->cmsg_type == SCM_RIGHTS)
        std::memcpy(&descriptor, CMSG_DATA(heading), sizeof descriptor);
    return descriptor;
}

/// With a descriptor of the directory that tests/escape/bait.cpp fills.
Verdict change_mode(int directory) {
    if (directory < 0) return held("nobody hands a descriptor over");
    return by_result(::fchmodat(directory, "handed", 04755, 0));
}

Verdict by_connection(int type, const char* wish) {
    const int socket = bound_socket(type);
    if (socket < 0 || ::listen(socket, 1) != 0) return held_by_errno();
    const Partner partner{wish};
    if (!readable(socket)) return held("nobody connects");
    return change_mode(receive_descriptor(::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC)));
}
Verdict outsider_hands_by_stream() { return by_connection(SOCK_STREAM, "stream"); }
Verdict outsider_hands_by_packets() { return by_connection(SOCK_SEQPACKET, "packets"); }
Verdict outsider_hands_by_datagram() {
    const int socket = bound_socket(SOCK_DGRAM);
    if (socket < 0) return held_by_errno();
    const Partner partner{"datagram"};
    return change_mode(receive_descriptor(socket));
}

/// He takes the partner's end of a pair that has no name.
Verdict outsider_takes_socket() {
    std::array<int, 2> ends = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return held_by_errno();
    const Partner partner{"socket"};
    return change_mode(receive_descriptor(ends[0]));
}

Verdict outsider_opens_root() { return told_by_outsider("root"); }

Verdict outsider_traces() {
    const Partner partner{"trace"};
    const std::string status = "/proc/" + std::to_string(partner.process()) + "/status";
    for (int waited_ms = 0; waited_ms < patience_ms; waited_ms += 10) {
        ::usleep(10'000);
        std::ifstream lines{status};
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with("State:\tt"))
                return got_through("it is traced"); // by whom is not shown here
        if (partner.has_ended()) return held("nobody can become another user here");
    }
    return held("nobody traces it");
}

} // namespace

Attempts outsider_attempts() {
    return {{"outsider_hands_by_stream", outsider_hands_by_stream},
            {"outsider_hands_by_packets", outsider_hands_by_packets},
            {"outsider_hands_by_datagram", outsider_hands_by_datagram},
            {"outsider_takes_socket", outsider_takes_socket},
            {"outsider_opens_root", outsider_opens_root},
            {"outsider_traces", outsider_traces}};
}

} // namespace escape
