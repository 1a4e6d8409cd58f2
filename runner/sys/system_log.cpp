#include "runner/sys/system_log.hpp"

#include "runner/sys/unique_fd.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace disco::sys {
namespace {

/// The journal reads a file only if nobody can change it meanwhile.
UniqueFd sealed_file(std::string_view bytes) noexcept {
    UniqueFd file{::memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    while (file && !bytes.empty()) {
        const ssize_t written = TEMP_FAILURE_RETRY(::write(file.get(), bytes.data(), bytes.size()));
        if (written < 0) return {};
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (file && ::fcntl(file.get(), F_ADD_SEALS, seals) != 0) return {};
    return file;
}

/// A datagram without bytes that carries the file.
bool send_file(int socket, sockaddr_un& to, int file) noexcept {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof file)] = {};
    msghdr message = {};
    message.msg_name = &to;
    message.msg_namelen = sizeof to;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof file);
    std::memcpy(CMSG_DATA(header), &file, sizeof file);
    return TEMP_FAILURE_RETRY(::sendmsg(socket, &message, MSG_NOSIGNAL)) >= 0;
}

} // namespace

std::string journal_entry(const std::vector<LogField>& fields) {
    std::string entry;
    for (const auto& [name, value] : fields) {
        entry += name;
        if (value.find('\n') == std::string::npos) {
            entry += '=';
        } else {
            entry += '\n';
            for (std::uint64_t size = value.size(), byte = 0; byte < 8; ++byte, size >>= 8)
                entry += static_cast<char>(size & 0xff); // the least significant first
        }
        entry += value;
        entry += '\n';
    }
    return entry;
}

bool send_to_journal(std::string_view entry, const std::filesystem::path& socket) noexcept {
    sockaddr_un to = {};
    to.sun_family = AF_UNIX;
    if (socket.native().size() >= sizeof to.sun_path) return false;
    socket.native().copy(to.sun_path, sizeof to.sun_path - 1);
    const UniqueFd from{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!from) return false;
    // While the journal's service starts anew nobody reads, and then it reads what has come.
    constexpr timeval patience = {.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(from.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const auto* const address =
        reinterpret_cast<const sockaddr*>(&to); // NOLINT(*-reinterpret-cast): as the call wants it
    if (TEMP_FAILURE_RETRY(
            ::sendto(from.get(), entry.data(), entry.size(), MSG_NOSIGNAL, address, sizeof to)) >= 0)
        return true;
    if (errno != EMSGSIZE && errno != ENOBUFS) return false;
    const UniqueFd file = sealed_file(entry);
    return file && send_file(from.get(), to, file.get());
}

} // namespace disco::sys
