#pragma once

#include <optional>
#include <string>
#include <vector>

namespace disco::border {

/// The assignments of a sysctl action, by its canonical words, in their order, the last one of each key:
/// those of its words, or of the files that it loads (`-p FILE`, `--system`) as `process` sees them now,
/// whose working directory is `directory`. Nothing for other commands, and where only sysctl itself could
/// say.
[[nodiscard]] std::optional<std::vector<std::string>>
assignments_of(const std::vector<std::string>& argv, const std::string& directory, int process);

/// The same with those of every network device to which the kernel hands a setting on when it is written: a
/// device may have another value meanwhile. As the machine's devices are now. Throws SysError.
[[nodiscard]] std::vector<std::string> with_those_of_devices(const std::vector<std::string>& assignments);

} // namespace disco::border
