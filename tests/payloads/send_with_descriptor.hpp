#pragma once

#include <array>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/uio.h>

namespace disco::tests {

/// Sends bytes, at least one, and a descriptor with them (unix(7), SCM_RIGHTS). As sendmsg(2) returns; no
/// SIGPIPE.
inline ssize_t send_with_descriptor(int socket, std::string bytes, int descriptor) {
    iovec part = {bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const heading = CMSG_FIRSTHDR(&message);
    heading->cmsg_level = SOL_SOCKET;
    heading->cmsg_type = SCM_RIGHTS;
    heading->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(heading), &descriptor, sizeof descriptor);
    return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

} // namespace disco::tests
