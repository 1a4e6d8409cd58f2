#include "runner/border/shim_request.hpp"

#include "policy/walls.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

namespace disco::border {
namespace {

namespace shim = policy::shim;

/// The words, each ended by a NUL; nothing when the last one is not.
std::optional<std::vector<std::string>> split(std::string_view bytes) {
    std::vector<std::string> words;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\0');
        if (end == std::string_view::npos) return std::nullopt;
        words.emplace_back(bytes.substr(0, end));
        bytes.remove_prefix(end + 1);
    }
    return words;
}

bool is_too_long(const shim::Request& heading) {
    return policy::wall_stands(policy::Wall::broker_bounds) &&
           (heading.word_bytes > shim::most_word_bytes ||
            heading.variable_bytes > shim::most_variable_bytes ||
            heading.directory_bytes > shim::most_directory_bytes);
}

bool is_wish(shim::Wish wish) {
    switch (wish) {
    case shim::Wish::guarded:
    case shim::Wish::unlisted:
    case shim::Wish::defer:
    case shim::Wish::fail: return true;
    }
    return false; // a number that is none of them
}

} // namespace

Progress parse_request(std::string_view bytes, ShimRequest& request) {
    shim::Request heading;
    if (bytes.size() < sizeof heading) return Progress::partial;
    std::memcpy(&heading, bytes.data(), sizeof heading);
    if (heading.magic != shim::magic || !is_wish(heading.wish) || heading.words == 0 ||
        is_too_long(heading) || (heading.wish == shim::Wish::fail && heading.words != 2))
        return Progress::damaged;
    bytes.remove_prefix(sizeof heading);
    const std::size_t expected =
        std::size_t{heading.word_bytes} + heading.variable_bytes + heading.directory_bytes;
    if (bytes.size() < expected) return Progress::partial;
    if (bytes.size() > expected) return Progress::damaged; // it would have to wait for an answer
    auto words = split(bytes.substr(0, heading.word_bytes));
    auto variables = split(bytes.substr(heading.word_bytes, heading.variable_bytes));
    if (!words || !variables || words->size() != heading.words || words->front().empty())
        return Progress::damaged;
    request.wish = heading.wish;
    request.argv = std::move(*words);
    request.environment = std::move(*variables);
    request.environment_cut = heading.variables_cut != 0;
    request.directory = bytes.substr(expected - heading.directory_bytes);
    // "(unreachable)/…", getcwd(2); and a NUL would end what is made of it
    if (!request.directory.starts_with('/') || request.directory.find('\0') != std::string::npos)
        request.directory.clear();
    request.umask = heading.umask & 0777U;
    request.verdict =
        heading.verdict == shim::no_verdict ? std::nullopt : std::optional<int>{heading.verdict};
    return Progress::whole;
}

Progress take_input(std::string& bytes, std::string& input, std::string& why) {
    for (;;) {
        shim::InputPart part;
        if (bytes.size() < sizeof part) return Progress::partial;
        std::memcpy(&part, bytes.data(), sizeof part);
        if (part.bytes == 0) return Progress::whole;
        if (part.bytes == shim::input_is_terminal) {
            why = "its standard input is a terminal, which nobody can read for it after the merge";
            return Progress::damaged;
        }
        if (part.bytes > shim::most_input_bytes - input.size() &&
            policy::wall_stands(policy::Wall::broker_bounds)) {
            why = fmt::format("its standard input is longer than {} MiB", shim::most_input_bytes >> 20U);
            return Progress::damaged;
        }
        if (bytes.size() < sizeof part + part.bytes) return Progress::partial;
        input.append(bytes, sizeof part, part.bytes);
        bytes.erase(0, sizeof part + part.bytes);
    }
}

std::string print_reply(shim::Reply::Kind kind, int exit, std::string_view output, std::string_view error) {
    const shim::Reply heading = {kind, exit, static_cast<std::uint32_t>(output.size()),
                                 static_cast<std::uint32_t>(error.size())};
    std::string bytes(sizeof heading, '\0');
    std::memcpy(bytes.data(), &heading, sizeof heading);
    return bytes.append(output).append(error);
}

std::vector<std::string> action_environment(const std::vector<std::string>& environment) {
    // SYSTEMD_OFFLINE is what commands in the view are given (guarded.d, `env`), and what they start has it
    // too: update-rc.d calls systemctl, which would ignore the action.
    constexpr std::string_view dropped[] = {"PATH",      "NOOP",     "BASH_ENV", "ENV",
                                            "SHELLOPTS", "BASHOPTS", "_",        "SYSTEMD_OFFLINE"};
    constexpr std::string_view dropped_kinds[] = {"DISCO_", "LD_", "BASH_FUNC_"};
    std::vector<std::string> kept;
    for (const std::string& variable : environment) {
        const std::size_t equals = variable.find('=');
        if (equals == 0 || equals == std::string::npos) continue;
        const std::string_view name = std::string_view{variable}.substr(0, equals);
        const bool drop = std::find(std::begin(dropped), std::end(dropped), name) != std::end(dropped) ||
                          std::any_of(std::begin(dropped_kinds), std::end(dropped_kinds),
                                      [&](std::string_view kind) { return name.starts_with(kind); });
        if (!drop) kept.push_back(variable);
    }
    return kept;
}

} // namespace disco::border
