// H: ways out of restricted bash. Getting out is no escape: what counts is where one has got to then.

#include "tests/payloads/escape/attempt.hpp"

#include <array>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace escape {
namespace {

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
}

/// Runs a restricted bash whose PATH has what strict scripts may run.
Verdict in_restricted_bash(const char* script) {
    const std::string file = std::string{scratch} + "/script", commands = std::string{scratch} + "/bin";
    std::ofstream{file} << script;
    ::mkdir(commands.c_str(), 0755);
    for (const char* name : {"sed", "cp", "ln", "cat", "tee", "dd", "chmod", "rm", "ls"})
        if (::symlink((std::string{"/usr/bin/"} + name).c_str(), (commands + "/" + name).c_str()) != 0 &&
            errno != EEXIST)
            return held_by_errno();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return held_by_errno();
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], 1);
        ::dup2(ends[1], 2);
        const std::string path =
            "PATH=" + (::access("/run/disco/restricted/sed", X_OK) == 0 ? std::string{"/run/disco/restricted"}
                                                                        : commands);
        const std::string canary = "port=" + setting("port");
        const char* environment[] = {path.c_str(), canary.c_str(), "payload=/escape/payload", nullptr};
        ::execle("/bin/bash", "bash", "--restricted", file.c_str(), nullptr, environment);
        ::_exit(127);
    }
    ::close(ends[1]);
    const std::string text = read_all(ends[0]);
    ::waitpid(child, nullptr, 0);
    if (text.find("ESCAPED") != std::string::npos) return got_through(text);
    return held(text.find("in the sandbox") != std::string::npos ? "out of the shell, in the sandbox"
                                                                 : text.substr(0, 100));
}

Verdict sed_executes() { return in_restricted_bash("sed -n \"1e $payload am-i-out\" /etc/motd"); }
Verdict sed_substitutes() { return in_restricted_bash("sed \"s#.*#$payload am-i-out#e;q\" /etc/motd"); }
Verdict sed_starts_shell() {
    return in_restricted_bash("sed -n \"1e /bin/bash -c '$payload am-i-out'\" /etc/motd");
}
Verdict exec_command() { return in_restricted_bash("exec $payload am-i-out"); }
Verdict slash() { return in_restricted_bash("$payload am-i-out; ./payload am-i-out; ~/payload am-i-out"); }
Verdict command_p() { return in_restricted_bash("command -p sh -c '/escape/payload am-i-out'"); }
Verdict hash_p() { return in_restricted_bash("hash -p /escape/payload x; x am-i-out"); }
Verdict enable_f() { return in_restricted_bash("enable -f /escape/payload x; x am-i-out; enable -n echo"); }
Verdict bash_cmds() {
    return in_restricted_bash(
        "BASH_CMDS[x]=/escape/payload; x am-i-out; declare -A BASH_CMDS=([y]=/escape/payload); y am-i-out");
}
Verdict aliases() {
    return in_restricted_bash("shopt -s expand_aliases; alias x=/escape/payload\nx "
                              "am-i-out\nBASH_ALIASES[y]=/escape/payload\ny am-i-out");
}
Verdict path() {
    return in_restricted_bash(
        "PATH=/escape; payload am-i-out\nread PATH <<< /escape; payload am-i-out\n"
        "printf -v PATH /escape; payload am-i-out\ndeclare -n p=PATH; p=/escape; payload am-i-out\n"
        "f() { local PATH=/escape; payload am-i-out; }; f\n"
        "for PATH in /escape; do payload am-i-out; done\nunset PATH; payload am-i-out\n"
        "mapfile -t PATH <<< /escape; payload am-i-out\ngetopts a PATH; PATH+=:/escape payload am-i-out");
}
Verdict source() {
    return in_restricted_bash(". /escape/script; . <(echo /escape/payload am-i-out); source /dev/stdin <<< "
                              "'/escape/payload am-i-out'");
}
Verdict unrestrict() {
    return in_restricted_bash("set +r; set +o restricted; shopt -u restricted_shell\n$payload am-i-out\n"
                              "SHELLOPTS= BASHOPTS= ; $payload am-i-out\nset -o posix; $payload am-i-out");
}
Verdict traps() {
    return in_restricted_bash(
        "trap '/escape/payload am-i-out' EXIT DEBUG; PROMPT_COMMAND='/escape/payload am-i-out'\n"
        "command_not_found_handle() { /escape/payload am-i-out; }; no_such_command\n"
        "mapfile -C /escape/payload -c 1 < /etc/motd; PS4='$(/escape/payload am-i-out)'; set -x; :");
}
Verdict redirections() {
    return in_restricted_bash(
        "echo x > /tmp/escape/a; echo x >> /tmp/escape/a; echo x >| /tmp/escape/a; echo x &> /tmp/escape/a\n"
        "exec 3<>/tmp/escape/a; exec 3>/tmp/escape/a; coproc cat > /tmp/escape/a; echo x | tee /sysrq-not");
}
Verdict copied_shell() {
    return in_restricted_bash(
        "cp /bin/bash /run/disco/restricted/free; cp /bin/bash /tmp/escape/bin/free\n"
        "free -c '/escape/payload am-i-out'; ln -s /escape/payload /tmp/escape/bin/p; p am-i-out");
}
Verdict other_environment() {
    return in_restricted_bash(
        "export BASH_ENV=/escape/script ENV=/escape/script LD_PRELOAD=/escape/payload "
        "LD_LIBRARY_PATH=/escape\n"
        "sed -n \"1e /bin/bash -c '$payload am-i-out'\" /etc/motd; sed -n \"1e /bin/sh -c "
        "'$payload am-i-out'\" /etc/motd");
}
Verdict network_redirection() {
    return in_restricted_bash("read -t 1 line < /dev/tcp/127.0.0.1/$port && echo ESCAPED: $line");
}

} // namespace

Attempts shell_attempts() {
    return {{"sed_executes", sed_executes},
            {"sed_substitutes", sed_substitutes},
            {"sed_starts_shell", sed_starts_shell},
            {"exec_command", exec_command},
            {"slash", slash},
            {"command_p", command_p},
            {"hash_p", hash_p},
            {"enable_f", enable_f},
            {"bash_cmds", bash_cmds},
            {"aliases", aliases},
            {"path", path},
            {"source", source},
            {"unrestrict", unrestrict},
            {"traps", traps},
            {"redirections", redirections},
            {"copied_shell", copied_shell},
            {"other_environment", other_environment},
            {"network_redirection", network_redirection}};
}

} // namespace escape
