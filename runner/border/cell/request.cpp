#include "runner/border/cell/request.hpp"

#include "runner/sys/text_number.hpp"

#include <string_view>

namespace disco::border::cell {
namespace {

bool add_need(Needs& needs, std::string_view name) {
    struct Row {
        std::string_view name;
        bool Needs::*member;
    };
    constexpr Row rows[] = {{"read-all", &Needs::read_all},
                            {"net-admin", &Needs::net_admin},
                            {"interfaces", &Needs::interfaces},
                            {"ptrace", &Needs::ptrace},
                            {"bus", &Needs::bus},
                            {"docker-socket", &Needs::docker_socket},
                            {"root-user", &Needs::root_user}};
    for (const Row& row : rows)
        if (row.name == name) return needs.*row.member = true;
    return false;
}

bool read_option(Request& request, std::string_view word) {
    const std::size_t equals = word.find('=');
    if (!word.starts_with("--") || equals == std::string_view::npos) return false;
    const std::string_view name = word.substr(2, equals - 2), value = word.substr(equals + 1);
    const bool query = request.kind == Request::Kind::query;
    if (query && name == "need") return add_need(request.needs, value);
    if (query && name == "hide" && value.starts_with('/')) {
        request.hidden.emplace_back(value);
        return true;
    }
    if (query && name == "hide-process" && sys::is_digits(value)) {
        request.hidden_processes.emplace_back(value);
        return true;
    }
    if (!query && name == "directory" && value.starts_with('/')) {
        request.directory = value;
        return true;
    }
    if (!query && name == "umask") {
        const auto umask = sys::octal_in<mode_t>(value, 0777);
        request.umask = umask.value_or(request.umask);
        return umask.has_value();
    }
    return false;
}

} // namespace

std::optional<Request> parse_request(const std::vector<std::string>& words) {
    Request request;
    if (words.size() < 2) return std::nullopt;
    if (words[0] == "action")
        request.kind = Request::Kind::action;
    else if (words[0] != "query")
        return std::nullopt;
    request.root = words[1];
    if (!request.root.starts_with('/')) return std::nullopt;
    std::size_t at = 2;
    for (; at < words.size() && words[at] != "--"; ++at)
        if (!read_option(request, words[at])) return std::nullopt;
    if (at + 1 >= words.size()) return std::nullopt;
    request.command.assign(words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
    return request;
}

} // namespace disco::border::cell
