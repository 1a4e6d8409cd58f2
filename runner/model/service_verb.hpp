#pragma once

#include <string>
#include <vector>

namespace disco::model {

/// What a guarded command means for services or for the whole machine, whichever init system it speaks to:
/// `systemctl restart x`, `service x restart` and `invoke-rc.d x restart` are all `restart` of x.service.
enum class ServiceVerb {
    none,     ///< acts on no service: `iptables -A …`, `sysctl -w …`, `docker restart …`
    anything, ///< may do anything to services: `disco-defer COMMAND`, `systemctl isolate`, `systemctl kill`
    start,
    stop,
    restart,
    try_restart, ///< also `condrestart`: only units that run
    reload,
    reload_or_restart,
    try_reload_or_restart, ///< also `force-reload`
    daemon_reload,         ///< also `daemon-reexec`; no units
    end_machine,           ///< reboot, power off, halt, `systemctl reboot`, `init 6`, `shutdown`; no units
    is_active,             ///< the answer is in the exit code and in one word a unit
    is_failed,
    status,
    show,
};

/// The verb and the units.
struct ServiceMeaning {
    ServiceVerb verb = ServiceVerb::none;
    std::vector<std::string> units; ///< as named; patterns stay patterns

    friend bool operator==(const ServiceMeaning&, const ServiceMeaning&) = default;
};

/// As systemd completes it: "nginx" is "nginx.service". A pattern stays as it is.
[[nodiscard]] std::string full_unit_name(const std::string& unit);
/// With all units by those names, so that two meanings can be compared.
[[nodiscard]] ServiceMeaning with_full_names(ServiceMeaning meaning);

} // namespace disco::model
