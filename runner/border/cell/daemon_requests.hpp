#pragma once

#include <optional>
#include <string>
#include <string_view>

// Requests to a daemon of containers: the head of an HTTP request (RFC 9112), up to and with its empty line.
// Pure.
namespace disco::border::cell {

inline constexpr std::string_view end_of_head = "\r\n\r\n";

/// Whether it only asks: GET or HEAD, without a body, and without turning the connection into something else.
[[nodiscard]] bool only_asks(std::string_view head);

/// The same request with nothing of the caller's in it but the path and the query: a GET or HEAD of something
/// that the daemon is known to only show. Nothing for another path: a GET of some does something (attach), or
/// shows what is in a container or on another server.
[[nodiscard]] std::optional<std::string> put_together(std::string_view head);

} // namespace disco::border::cell
