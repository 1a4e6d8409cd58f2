#include "policy/confinement.hpp"

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
    return capabilities == other.capabilities &&
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
    Confinement confinement{heading.capabilities, std::vector<sock_filter>(heading.length)};
    std::memcpy(confinement.calls.data(), bytes.data() + sizeof heading,
                heading.length * sizeof(sock_filter));
    return confinement;
}

} // namespace disco::policy
