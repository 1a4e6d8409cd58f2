#pragma once

#include "runner/sys/unique_fd.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace disco::tests {

/// Network namespaces of the test's own. The calling thread, and what it starts, is in a "host" from now on:
/// address 10.77.0.2, a default route by 10.77.0.1, where nobody is, and a way to another machine, 10.88.0.1.
/// They go with their last process and this object. Needs root.
class PrivateNetwork {
public:
    PrivateNetwork();
    /// Does something on the other machine: sockets that are made there stay there.
    void on_the_other_machine(const std::function<void()>& work) const;

private:
    sys::UniqueFd machine_, host_;
};

/// A file of the test's as the host's /etc/resolv.conf, as long as this lives. The calling thread must be in
/// a mount namespace of its own.
class HostResolverFile {
public:
    /// Works below `place`.
    HostResolverFile(const std::filesystem::path& place, const std::string& text);
    HostResolverFile(const HostResolverFile&) = delete;
    HostResolverFile& operator=(const HostResolverFile&) = delete;
    ~HostResolverFile();
};

/// Servers in a thread, for the network that it is made in.
class LittleServers {
public:
    LittleServers() = default;
    LittleServers(const LittleServers&) = delete;
    LittleServers& operator=(const LittleServers&) = delete;
    ~LittleServers();

    /// Says `text` to everybody who connects.
    void greet(const std::string& address, std::uint16_t port, const std::string& text);
    /// A name server: every name has the address `answer`.
    void resolve(const std::string& address, const std::string& answer);
    void start();
    /// Connections and questions so far, to servers at that address.
    [[nodiscard]] int asked(const std::string& address) const;

private:
    struct Server {
        sys::UniqueFd socket;
        std::string address, text;
        bool resolves = false;
        std::atomic<int> asked{0};
    };
    Server& open(const std::string& address, std::uint16_t port, int type);
    void serve();
    static void answer(Server& server);
    std::vector<std::unique_ptr<Server>> servers_;
    sys::UniqueFd stop_;
    std::thread thread_;
};

/// The sockets of this network namespace that a stranger could reach: "tcp 0100007F:1B59" and so on, sorted.
[[nodiscard]] std::vector<std::string> open_ports();

} // namespace disco::tests
