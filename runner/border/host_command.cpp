#include "runner/border/host_command.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace disco::border {
namespace {

constexpr std::size_t output_limit = std::size_t{1} << 20;

/// Nothing of a caller's environment reaches a question.
std::vector<std::string> plain_environment(std::string_view home) {
    return {fmt::format("PATH={}", sys::usual_path), fmt::format("HOME={}", home), "LC_ALL=C.UTF-8",
            "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0",
            // iptables of the old kind opens it for writing even where it only lists; the lock is pretended.
            "XTABLES_LOCKFILE=/dev/null"};
}

bool names(const std::string& variable, std::string_view name) {
    return variable.size() > name.size() && variable.starts_with(name) && variable[name.size()] == '=';
}

/// As it was asked for; what every command of root has is there in any case.
std::vector<std::string> environment_of(const model::ActionContext& context) {
    std::vector<std::string> environment = context.environment;
    for (const char* usual : {"PATH", "HOME", "LC_ALL"}) {
        const bool known = std::any_of(environment.begin(), environment.end(),
                                       [&](const std::string& each) { return names(each, usual); });
        if (known) continue;
        const std::string_view name = usual;
        environment.push_back(name == "PATH"   ? fmt::format("PATH={}", sys::usual_path)
                              : name == "HOME" ? "HOME=/root"
                                               : "LC_ALL=C.UTF-8");
    }
    return environment;
}

} // namespace

HostCommand question(const Host& host, const std::vector<std::string>& argv,
                     const std::vector<std::string>& needs, pid_t shim) {
    HostCommand command{{host.helper.string(), "query", host.root.string()},
                        plain_environment("/nonexistent")};
    for (const std::string& need : needs) command.argv.push_back("--need=" + need);
    for (const std::filesystem::path& each : host.hidden) command.argv.push_back("--hide=" + each.string());
    if (shim > 0) command.argv.push_back(fmt::format("--hide-process={}", shim));
    command.argv.emplace_back("--");
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    return command;
}

sys::ProgramResult run_action(const Host& host, const std::vector<std::string>& argv,
                              const model::ActionContext& context, std::chrono::milliseconds timeout) {
    std::vector<std::string> words = {host.helper.string(),
                                      "action",
                                      host.root.string(),
                                      "--directory=" + context.directory,
                                      fmt::format("--umask={:o}", context.umask & 0777U),
                                      "--"};
    words.insert(words.end(), argv.begin(), argv.end());
    return sys::run_program({.argv = std::move(words),
                             .environment = environment_of(context),
                             .input = context.input.value_or(""),
                             .timeout = timeout,
                             .output_limit = output_limit});
}

} // namespace disco::border
