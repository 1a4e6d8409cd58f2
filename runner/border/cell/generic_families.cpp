#include "runner/border/cell/generic_families.hpp"

#include "runner/border/cell/question_process.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

namespace disco::border::cell {
namespace {

struct Request {
    nlmsghdr heading{};
    genlmsghdr command{};
};

/// Notes the family that the attributes of one message name.
void note_family(std::string_view attributes, std::map<unsigned, std::string>& names) {
    std::uint16_t type = 0;
    std::string name;
    while (attributes.size() >= sizeof(nlattr)) {
        nlattr heading = {};
        std::memcpy(&heading, attributes.data(), sizeof heading);
        if (heading.nla_len < sizeof heading || heading.nla_len > attributes.size()) break;
        const std::string_view value = attributes.substr(sizeof heading, heading.nla_len - sizeof heading);
        if (heading.nla_type == CTRL_ATTR_FAMILY_ID && value.size() >= sizeof type)
            std::memcpy(&type, value.data(), sizeof type);
        if (heading.nla_type == CTRL_ATTR_FAMILY_NAME) name = value.substr(0, value.find('\0'));
        attributes.remove_prefix(std::min<std::size_t>(NLA_ALIGN(heading.nla_len), attributes.size()));
    }
    if (type != 0) names[type] = name;
}

/// False: it was the last part.
bool note_families(std::string_view messages, std::map<unsigned, std::string>& names) {
    while (messages.size() >= sizeof(nlmsghdr)) {
        nlmsghdr heading = {};
        std::memcpy(&heading, messages.data(), sizeof heading);
        if (heading.nlmsg_len < sizeof heading || heading.nlmsg_len > messages.size()) return false;
        if (heading.nlmsg_type == NLMSG_DONE || heading.nlmsg_type == NLMSG_ERROR) return false;
        if (heading.nlmsg_len > sizeof(Request))
            note_family(messages.substr(sizeof(Request), heading.nlmsg_len - sizeof(Request)), names);
        messages.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(heading.nlmsg_len), messages.size()));
    }
    return true;
}

} // namespace

/// All of them, by a dump: that loads nothing.
void GenericFamilies::look() {
    names_.clear();
    const Descriptor socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC)};
    Request request;
    request.heading = {sizeof request, GENL_ID_CTRL, NLM_F_REQUEST | NLM_F_DUMP, 1, 0};
    request.command = {CTRL_CMD_GETFAMILY, 1, 0};
    if (socket.fd < 0 || ::send(socket.fd, &request, sizeof request, 0) != ssize_t{sizeof request}) return;
    std::array<char, 32768> buffer{};
    for (;;) {
        const ssize_t got = ::recv(socket.fd, buffer.data(), buffer.size(), 0);
        if (got <= 0 || !note_families({buffer.data(), static_cast<std::size_t>(got)}, names_)) return;
    }
}

std::string GenericFamilies::name_of(unsigned type) {
    if (!names_.contains(type)) look();
    const auto found = names_.find(type);
    return found == names_.end() ? std::string{} : found->second;
}

bool GenericFamilies::has(const std::string& name) {
    const auto known = [&] {
        return std::any_of(names_.begin(), names_.end(),
                           [&](const auto& each) { return each.second == name; });
    };
    if (!known()) look();
    return known();
}

} // namespace disco::border::cell
