#include "runner/border/host_command.hpp"

namespace disco::border {

sys::ProgramResult run_on_host(const Host& host, HostAccess access, const std::vector<std::string>& argv,
                               std::chrono::milliseconds timeout) {
    constexpr std::size_t output_limit = std::size_t{1} << 20;
    std::vector<std::string> words = {host.helper.string(), access == HostAccess::query ? "query" : "action",
                                      host.root.string()};
    words.insert(words.end(), argv.begin(), argv.end());
    return sys::run_program({.argv = std::move(words),
                             .environment = {std::string{"PATH="} + sys::usual_path, "HOME=/root",
                                             "LC_ALL=C.UTF-8", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0"},
                             .input = {},
                             .timeout = timeout,
                             .output_limit = output_limit});
}

} // namespace disco::border
