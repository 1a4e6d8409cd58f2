// G: other processes by sockets, netlink, System V and POSIX IPC, signals.

#include "policy/shim_protocol.hpp"
#include "runner/model/view_layout.hpp"
#include "tests/payloads/escape/attempt.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ctime>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace escape {
namespace {

Verdict connect_to(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return held_by_errno();
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::copy_n(path.begin(), std::min(path.size(), sizeof address.sun_path - 1), address.sun_path);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0 ? got_through("connected")
                                                                                   : held_by_errno();
}
// The test listens at each of these on the machine.
Verdict systemd_socket() { return connect_to("/run/systemd/private"); }
Verdict dbus_socket() { return connect_to("/run/dbus/system_bus_socket"); }
Verdict docker_socket() { return connect_to("/run/docker.sock"); }
Verdict containerd_socket() { return connect_to("/run/containerd/containerd.sock"); }
Verdict socket_in_view() { return connect_to(setting("socket_in_view")); }
Verdict socket_on_mount() { return connect_to(setting("socket_on_mount")); }
Verdict bound_socket() { return connect_to(setting("bound_socket")); }
/// Without a reader it fails.
Verdict fifo_on_mount() { return by_open(setting("fifo_on_mount"), O_WRONLY | O_NONBLOCK); }
Verdict abstract_socket() { return connect_to(std::string(1, '\0') + setting("abstract_socket")); }

Verdict loopback() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return held_by_errno();
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(number_setting("port")));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
               ? got_through("connected")
               : held_by_errno();
}

Verdict family(int number, int type) {
    const int fd = ::socket(number, type | SOCK_CLOEXEC, 0);
    if (fd >= 0) return got_through("the socket was made");
    return held_by_errno();
}
Verdict vsock() { return family(AF_VSOCK, SOCK_STREAM); }
Verdict vsock_high_bits() {
    const long fd = ::syscall(SYS_socket, AF_VSOCK | 1L << 32, SOCK_STREAM, 0);
    return fd >= 0 ? got_through("the socket was made") : held_by_errno();
}
Verdict alg() { return family(AF_ALG, SOCK_SEQPACKET); }
Verdict packet() { return family(AF_PACKET, SOCK_RAW); }
Verdict bluetooth() { return family(AF_BLUETOOTH, SOCK_RAW); }
Verdict can() { return family(AF_CAN, SOCK_RAW); }
Verdict xdp() { return family(AF_XDP, SOCK_RAW); }
Verdict key() { return family(AF_KEY, SOCK_RAW); }
Verdict tipc() { return family(AF_TIPC, SOCK_STREAM); }
Verdict raw_inet() {
    const int fd = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    return by_result(fd);
}

/// Sends one request and gives the kernel's answer: 0 or an errno; -1 when there is none.
int ask_netlink(int protocol, const nlmsghdr& request, std::size_t size) {
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (fd < 0) return errno;
    sockaddr_nl kernel = {};
    kernel.nl_family = AF_NETLINK;
    if (::sendto(fd, &request, size, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0)
        return errno;
    struct {
        nlmsghdr head;
        nlmsgerr error;
        std::array<char, 256> more;
    } answer{};
    const timeval patience = {1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::recv(fd, &answer, sizeof answer, 0) <= 0) return -1;
    return answer.head.nlmsg_type == NLMSG_ERROR ? -answer.error.error : 0;
}
Verdict by_answer(int error) {
    if (error == 0) return got_through("the kernel obeyed");
    return error < 0 ? held("no answer") : held_by_errno(error);
}
/// A change of the loopback device, of whatever network this is, that changes nothing.
Verdict netlink_link() {
    struct {
        nlmsghdr head;
        ifinfomsg link;
    } request{};
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = RTM_NEWLINK;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    request.link.ifi_index = 1;
    return by_answer(ask_netlink(NETLINK_ROUTE, request.head, sizeof request));
}
/// A record in the machine's audit log.
Verdict netlink_audit_record() {
    struct {
        nlmsghdr head;
        std::array<char, 32> text;
    } request{};
    std::strcpy(request.text.data(), "disco escape test");
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = AUDIT_USER;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    return by_answer(ask_netlink(NETLINK_AUDIT, request.head, sizeof request));
}
Verdict netlink_audit_status() {
    struct {
        nlmsghdr head;
        audit_status status;
    } request{};
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = AUDIT_GET;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    return by_answer(ask_netlink(NETLINK_AUDIT, request.head, sizeof request));
}
/// Devices of the machine announce themselves by this one.
Verdict netlink_uevent_forged() {
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    if (fd < 0) return held_by_errno();
    sockaddr_nl everybody = {};
    everybody.nl_family = AF_NETLINK;
    everybody.nl_groups = 2; // udev's
    const char event[] = "change@/devices/no/such/device";
    const auto sent =
        ::sendto(fd, event, sizeof event, 0, reinterpret_cast<const sockaddr*>(&everybody), sizeof everybody);
    return sent < 0 ? held_by_errno() : held("sent, in a network of its own");
}

Verdict shm_of_machine() { return by_result(::shmget(static_cast<key_t>(number_setting("ipc_key")), 0, 0)); }
Verdict msg_of_machine() { return by_result(::msgget(static_cast<key_t>(number_setting("ipc_key")), 0)); }
Verdict sem_of_machine() { return by_result(::semget(static_cast<key_t>(number_setting("ipc_key")), 0, 0)); }
Verdict shm_by_number() {
    void* const memory = ::shmat(static_cast<int>(number_setting("shm_id")), nullptr, SHM_RDONLY);
    return memory == MAP_FAILED ? held_by_errno() : got_through("attached"); // the same (void*)-1
}
Verdict mq_of_machine() { return by_result(::mq_open(setting("mqueue").c_str(), O_RDONLY)); }
Verdict posix_shm_of_machine() { return by_open("/dev/shm/" + setting("posix_shm"), O_RDWR); }

// Signals: number 0 asks only whether they could be sent.
pid_t canary() { return static_cast<pid_t>(number_setting("canary_pid")); }
Verdict signal_canary() { return by_result(::kill(canary(), 0)); }
Verdict signal_canary_thread() { return by_result(::syscall(SYS_tgkill, canary(), canary(), 0)); }
Verdict queue_signal_to_canary() {
    siginfo_t information = {};
    information.si_code = SI_QUEUE;
    return by_result(::syscall(SYS_rt_sigqueueinfo, canary(), 0, &information));
}
Verdict canary_in_proc() { return by_open("/proc/" + setting("canary_pid") + "/status", O_RDONLY); }
Verdict priority_of_canary() {
    errno = 0;
    ::getpriority(PRIO_PROCESS, static_cast<id_t>(canary()));
    return errno == 0 ? got_through("it can be seen") : held_by_errno();
}
/// PID 1 of a namespace takes no signal from within.
Verdict kill_init() {
    ::kill(1, SIGKILL);
    ::kill(1, SIGSTOP);
    ::kill(1, SIGTERM);
    const timespec moment = {0, 20'000'000};
    ::nanosleep(&moment, nullptr);
    return ::kill(1, 0) == 0 ? held("it lives") : got_through("it is gone");
}
/// Outlives the attempt and the run, unless somebody ends it; for 60 seconds.
Verdict daemon() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        if (::fork() == 0) {
            for (int fd = 0; fd < 64; ++fd) ::close(fd);
            for (const int signal : {SIGTERM, SIGHUP, SIGINT}) ::signal(signal, SIG_IGN);
            ::alarm(60);
            const timespec long_time = {60, 0};
            ::nanosleep(&long_time, nullptr);
        }
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    return held("started, for the machine's list of processes to tell");
}
/// Asks the broker as the shim does, but with words of our own; what the command on the machine printed.
std::string ask_broker(const std::vector<std::string>& words) {
    std::string bytes;
    for (const std::string& word : words) bytes.append(word).append(1, '\0');
    namespace shim = disco::policy::shim;
    const shim::Request request = {shim::magic, shim::Wish::guarded, static_cast<std::uint32_t>(words.size()),
                                   static_cast<std::uint32_t>(bytes.size())};
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, disco::model::view_layout::broker_socket);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return "no broker";
    if (::write(fd, &request, sizeof request) < 0 || ::write(fd, bytes.data(), bytes.size()) < 0)
        return "not heard";
    std::string answer;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;)
        answer.append(buffer.data(), static_cast<std::size_t>(got));
    return answer.size() > sizeof(shim::Reply) ? answer.substr(sizeof(shim::Reply)) : answer;
}
Verdict by_broker(const std::vector<std::string>& words) {
    const std::string said = ask_broker(words);
    return said.find("ESCAPED") != std::string::npos ? got_through(said) : held(said);
}
// /srv/own of the live root stands for any program that a script may have put somewhere: /proc/N/root leads
// into the sandbox. It says ESCAPED.
Verdict broker_runs_a_path() { return by_broker({"/srv/own/ip", "addr"}); }
Verdict broker_runs_a_relative_path() { return by_broker({"srv/own/ip", "addr"}); }
Verdict broker_runs_a_service_by_path() { return by_broker({"service", "../../srv/own/ip", "status"}); }
Verdict broker_runs_an_unlisted_command() { return by_broker({"own", "status"}); }

/// Descriptors come over a socket only from somebody whom one can reach.
Verdict receive_descriptor() {
    for (int fd = 0; fd < 1024; ++fd) {
        std::array<char, 64> data{};
        alignas(cmsghdr) std::array<char, 256> control{};
        iovec part = {data.data(), data.size()};
        msghdr message = {};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (::recvmsg(fd, &message, MSG_DONTWAIT) >= 0)
            return got_through("a message on " + std::to_string(fd));
    }
    return held("no socket is open");
}

} // namespace

Attempts ipc_attempts() {
    return {{"systemd_socket", systemd_socket},
            {"dbus_socket", dbus_socket},
            {"docker_socket", docker_socket},
            {"containerd_socket", containerd_socket},
            {"socket_in_view", socket_in_view},
            {"socket_on_mount", socket_on_mount},
            {"bound_socket", bound_socket},
            {"fifo_on_mount", fifo_on_mount},
            {"abstract_socket", abstract_socket},
            {"loopback", loopback},
            {"vsock", vsock},
            {"vsock_high_bits", vsock_high_bits},
            {"alg", alg},
            {"packet", packet},
            {"bluetooth", bluetooth},
            {"can", can},
            {"xdp", xdp},
            {"key", key},
            {"tipc", tipc},
            {"raw_inet", raw_inet},
            {"netlink_link", netlink_link},
            {"netlink_audit_record", netlink_audit_record},
            {"netlink_audit_status", netlink_audit_status},
            {"netlink_uevent_forged", netlink_uevent_forged},
            {"shm_of_machine", shm_of_machine},
            {"msg_of_machine", msg_of_machine},
            {"sem_of_machine", sem_of_machine},
            {"shm_by_number", shm_by_number},
            {"mq_of_machine", mq_of_machine},
            {"posix_shm_of_machine", posix_shm_of_machine},
            {"signal_canary", signal_canary},
            {"signal_canary_thread", signal_canary_thread},
            {"queue_signal_to_canary", queue_signal_to_canary},
            {"canary_in_proc", canary_in_proc},
            {"priority_of_canary", priority_of_canary},
            {"kill_init", kill_init},
            {"daemon", daemon},
            {"broker_runs_a_path", broker_runs_a_path},
            {"broker_runs_a_relative_path", broker_runs_a_relative_path},
            {"broker_runs_a_service_by_path", broker_runs_a_service_by_path},
            {"broker_runs_an_unlisted_command", broker_runs_an_unlisted_command},
            {"receive_descriptor", receive_descriptor}};
}

} // namespace escape
