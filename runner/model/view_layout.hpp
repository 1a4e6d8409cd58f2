#pragma once

// Where a sandbox's view holds what is disco's: programs in it are told of these places, or find them there.
namespace disco::model::view_layout {

inline constexpr const char* directory = "/run/disco"; ///< read-only
inline constexpr const char* programs = "/run/disco/bin";
inline constexpr const char* shim = "/run/disco/bin/disco-shim"; ///< what a guarded command becomes
inline constexpr const char* restricted_commands = "/run/disco/restricted"; ///< PATH of strict scripts
inline constexpr const char* prelude = "/run/disco/prelude.bash";           ///< BASH_ENV
inline constexpr const char* shell_prelude = "/run/disco/shell.bash";       ///< of `disco shell`
inline constexpr const char* module = "/run/disco/module";                  ///< its files, as on the server
inline constexpr const char* broker_directory = "/run/disco-broker";
inline constexpr const char* broker_socket = "/run/disco-broker/socket"; ///< where the broker listens
inline constexpr const char* state = "/var/lib/disco";                   ///< with the parameters alone

} // namespace disco::model::view_layout
