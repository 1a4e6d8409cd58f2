#pragma once

#include <filesystem>

#include <sys/types.h>

namespace disco::tests {

/// A user of the machine (33) who works together with a script. He waits for a process of his own in a
/// sandbox whose name is "want …" (tests/payloads/escape/partner.hpp), and does what it wants:
///
/// - "ask", "order", "defer", "descriptor": he reaches the broker by /proc/PID/root, and writes to
///   /tmp/escape/verdict there what came of it: "through: …" or "held: …";
/// - "root": the same file is written;
/// - "stream", "packets", "datagram": he connects to /tmp/escape/socket there, and sends a descriptor of
///   `handed`, a directory;
/// - "socket": he takes a socket of the process itself, and sends it by that;
/// - "trace": he traces it for a moment.
///
/// Returns his process, a child to be killed by the caller. Throws SysError.
[[nodiscard]] pid_t start_outsider(const std::filesystem::path& handed);

} // namespace disco::tests
