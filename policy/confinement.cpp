#include "policy/confinement.hpp"

#include "policy/exec_call.hpp"
#include "runner/sys/error.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include <fmt/format.h>

namespace disco::policy {
namespace {

/// What stands before the instructions, in this machine's byte order.
struct Heading {
    std::uint64_t capabilities = 0;
    std::uint64_t length = 0; ///< instructions
};

} // namespace

bool Confinement::operator==(const Confinement& other) const {
    const auto same = [](const sock_filter& a, const sock_filter& b) {
        return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
    };
    return capabilities == other.capabilities && exec_token == other.exec_token &&
           std::equal(calls.begin(), calls.end(), other.calls.begin(), other.calls.end(), same);
}

std::string print_confinement(const Confinement& confinement) {
    const Heading heading = {confinement.capabilities, confinement.calls.size()};
    std::string bytes(sizeof heading + confinement.calls.size() * sizeof(sock_filter), '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    std::memcpy(bytes.data() + sizeof heading, confinement.calls.data(),
                confinement.calls.size() * sizeof(sock_filter));
    return bytes;
}

Confinement parse_confinement(std::string_view bytes, std::string_view file) {
    Heading heading;
    const bool whole = bytes.size() >= sizeof heading;
    if (whole) std::memcpy(&heading, bytes.data(), sizeof heading);
    if (!whole || heading.length == 0 || heading.length > BPF_MAXINSNS ||
        bytes.size() != sizeof heading + heading.length * sizeof(sock_filter))
        throw sys::Error{fmt::format("'{}' is not a compiled profile: install disco again", file)};
    Confinement confinement{heading.capabilities, std::vector<sock_filter>(heading.length), 0};
    std::memcpy(confinement.calls.data(), bytes.data() + sizeof heading,
                heading.length * sizeof(sock_filter));
    return confinement;
}

void set_exec_token(Confinement& confinement, std::uint64_t token) {
    const auto put = [&](std::uint64_t shift) {
        int count = 0;
        for (sock_filter& each : confinement.calls) {
            const bool compares = each.code == (BPF_JMP | BPF_JEQ | BPF_K);
            if (!compares || each.k != static_cast<std::uint32_t>(no_exec_token >> shift)) continue;
            each.k = static_cast<std::uint32_t>(token >> shift);
            ++count;
        }
        return count == 1;
    };
    if (!put(0) || !put(32)) throw sys::Error{"a seccomp program has no place for the token of exec"};
    confinement.exec_token = token;
}

} // namespace disco::policy
