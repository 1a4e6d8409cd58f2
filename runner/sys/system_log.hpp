#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

// The journal of systemd, by its native protocol (systemd's docs/JOURNAL_NATIVE_PROTOCOL.md): an entry is a
// datagram of fields. The library that does the same is a shared one.
namespace disco::sys {

inline constexpr const char* journal_socket = "/run/systemd/journal/socket";

struct LogField {
    std::string name; ///< capitals, digits and underscores, with a capital at the beginning
    std::string value;
    bool operator==(const LogField&) const = default;
};

/// An entry as it is sent: "NAME=value", a line each; a value with a newline, as its length and its bytes.
/// Pure.
[[nodiscard]] std::string journal_entry(const std::vector<LogField>& fields);

/// Sends an entry to what listens at `socket`; one too large for a datagram as a sealed file in memory. Waits
/// for room a few seconds at most. Says whether it was taken; does not throw.
[[nodiscard]] bool send_to_journal(std::string_view entry, const std::filesystem::path& socket) noexcept;

} // namespace disco::sys
