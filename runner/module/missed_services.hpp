#pragma once

#include "runner/model/run_report.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace disco::module {

/// Where a program says in its output that it could not connect: paths of sockets
/// ("/run/mysqld/mysqld.sock"), and loopback addresses as they are written ("127.0.0.1:6379"). Each once, in
/// order. Pure.
[[nodiscard]] std::vector<std::string> connections_missed(std::string_view output);

/// A notice, with the remedy, when one of them is a service of the machine: a socket in the live root, or an
/// address of its loopback interface, which a sandbox without the host's network has not. Scripts work on a
/// copy of the files, behind which no service is.
[[nodiscard]] std::optional<model::Notice> missed_service(std::string_view output,
                                                          const std::filesystem::path& root,
                                                          bool hosts_network, const std::string& step);

} // namespace disco::module
