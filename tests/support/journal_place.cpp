#include "tests/support/journal_place.hpp"

#include "runner/sys/error.hpp"

#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace disco::tests {

JournalPlace::JournalPlace()
    : directory_{std::filesystem::temp_directory_path(), "disco-test-"},
      fd_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    socket().native().copy(address.sun_path, sizeof address.sun_path - 1);
    sys::check(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind",
               socket());
}

std::string JournalPlace::entry() const {
    std::string bytes(65536, '\0');
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    iovec part = {bytes.data(), bytes.size()};
    msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    const cmsghdr* const header = got < 0 ? nullptr : CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return bytes;
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    const sys::UniqueFd file{number};
    sealed_ = ::fcntl(file.get(), F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    struct stat status = {};
    sys::check(::fstat(file.get(), &status), "look at", "an entry");
    bytes.resize(static_cast<std::size_t>(status.st_size));
    const ssize_t read = ::pread(file.get(), bytes.data(), bytes.size(), 0);
    bytes.resize(read < 0 ? 0 : static_cast<std::size_t>(read));
    return bytes;
}

std::string JournalPlace::entries() const {
    std::string all;
    for (std::string one = entry(); !one.empty(); one = entry()) all += all.empty() ? one : "\n" + one;
    return all;
}

} // namespace disco::tests
