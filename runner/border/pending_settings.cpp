#include "runner/border/pending_settings.hpp"

#include "runner/model/sysctl_file.hpp"
#include "runner/sys/text_lines.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fnmatch.h>

namespace disco::border {
namespace {

/// Groups of settings of which one may change the others, by the kernel's sources; '*' has no slash in it.
struct CoupledSettings {
    const char *written, *other;
};
constexpr std::array couples = {
    CoupledSettings{"net/ipv4/ip_forward", "net/ipv4/conf/*/forwarding"},
    CoupledSettings{"net/ipv4/ip_forward", "net/ipv4/conf/all/accept_redirects"},
    CoupledSettings{"net/ipv4/conf/all/forwarding", "net/ipv4/ip_forward"},
    CoupledSettings{"net/ipv4/conf/all/forwarding", "net/ipv4/conf/*/forwarding"},
    CoupledSettings{"net/ipv4/conf/all/forwarding", "net/ipv4/conf/all/accept_redirects"},
    CoupledSettings{"net/ipv4/tcp_congestion_control", "net/ipv4/tcp_*_congestion_control"},
    CoupledSettings{"net/netfilter/nf_conntrack_max", "net/nf_conntrack_max"},
    CoupledSettings{"net/nf_conntrack_max", "net/netfilter/nf_conntrack_max"},
    CoupledSettings{"fs/inotify/max_user_*", "user/max_inotify_*"},
    CoupledSettings{"user/max_inotify_*", "fs/inotify/max_user_*"},
    CoupledSettings{"vm/dirty_ratio", "vm/dirty_bytes"},
    CoupledSettings{"vm/dirty_bytes", "vm/dirty_ratio"},
    CoupledSettings{"vm/dirty_background_ratio", "vm/dirty_background_bytes"},
    CoupledSettings{"vm/dirty_background_bytes", "vm/dirty_background_ratio"},
    CoupledSettings{"vm/overcommit_ratio", "vm/overcommit_kbytes"},
    CoupledSettings{"vm/overcommit_kbytes", "vm/overcommit_ratio"},
    CoupledSettings{"vm/nr_hugepages*", "vm/nr_hugepages*"},
    CoupledSettings{"kernel/*watchdog", "kernel/*watchdog"},
    CoupledSettings{"kernel/perf_*", "kernel/perf_*"},
};

/// Those whose value is made of what is written, or of nothing of it.
constexpr std::array shown_otherwise = {
    "vm/nr_hugepages*", "vm/drop_caches",     "vm/compact_memory", "net/netfilter/nf_conntrack_buckets",
    "kernel/random/*",  "kernel/ns_last_pid", "net/*/route/flush", "kernel/hostname",
    "kernel/domainname"};

bool matches(const char* pattern, const std::string& path) {
    return ::fnmatch(pattern, path.c_str(), FNM_PATHNAME) == 0;
}

/// "net/ipv4/conf/eth0/rp_filter"
struct DeviceSetting {
    std::string_view family, device, name;
};
std::optional<DeviceSetting> of_device(std::string_view path) {
    constexpr std::array<std::string_view, 2> families = {"net/ipv4/conf/", "net/ipv6/conf/"};
    for (const std::string_view family : families) {
        if (!path.starts_with(family)) continue;
        const std::string_view rest = path.substr(family.size());
        const std::size_t end = rest.find('/');
        if (end != std::string_view::npos)
            return DeviceSetting{family, rest.substr(0, end), rest.substr(end + 1)};
    }
    return std::nullopt;
}

/// `all` of IPv6 is handed on to every device; `default` of IPv4 to those that have no value of their own.
bool is_handed_on(const std::string& written, const std::string& other) {
    const auto from = of_device(written), to = of_device(other);
    if (!from || !to || from->family != to->family || from->name != to->name || from->device == to->device)
        return false;
    if (from->family == "net/ipv6/conf/") return from->device == "all";
    return from->device == "default" && to->device != "all";
}

bool is_number(std::string_view word) {
    if (word.starts_with('-')) word.remove_prefix(1);
    return word == "0" || (sys::is_digits(word) && word[0] != '0');
}

/// How the kernel shows what was written; nothing where that is not sure.
std::optional<std::string> shown_value(const std::string& path, std::string_view value) {
    for (const char* pattern : shown_otherwise)
        if (matches(pattern, path)) return std::nullopt;
    constexpr std::string_view blanks = " \t";
    if (value.empty() || blanks.find(value.front()) != blanks.npos ||
        blanks.find(value.back()) != blanks.npos)
        return std::nullopt;
    std::string numbers;
    bool all_numbers = true;
    std::size_t count = 0;
    for (std::string_view rest = value; !rest.empty(); ++count) {
        const std::string_view word = rest.substr(0, rest.find_first_of(blanks));
        rest.remove_prefix(std::min(rest.find_first_not_of(blanks, word.size()), rest.size()));
        all_numbers = all_numbers && is_number(word);
        numbers.append(count == 0 ? "" : "\t").append(word); // the kernel separates numbers by tabs
    }
    if (all_numbers) return numbers;
    const bool begins_like_one = value.find_first_of("0123456789+-") == 0; // "0x10", "010", "+1"
    if (begins_like_one || count != 1) return std::nullopt;
    return std::string{value};
}

std::string shown_key(std::string path) {
    std::transform(path.begin(), path.end(), path.begin(), [](char c) {
        return c == '/' ? '.' : c == '.' ? '/' : c;
    });
    return path;
}

bool changes(const model::ActionEffects& effects, std::string_view subject) {
    return std::any_of(effects.changes.begin(), effects.changes.end(), [&](const model::Subject& changed) {
        return changed.name == subject && changed.objects.empty();
    });
}

} // namespace

bool is_coupled(const std::string& written, const std::string& other) {
    return is_handed_on(written, other) ||
           std::any_of(couples.begin(), couples.end(), [&](const CoupledSettings& couple) {
               return matches(couple.written, written) && matches(couple.other, other);
           });
}

void PendingSettings::note(const model::ActionEffects& effects, const std::string& words) {
    if (changes(effects, "hostname")) assignments_.push_back({"kernel/hostname", std::nullopt, words});
    if (!changes(effects, "settings")) return;
    if (!effects.settings) {
        assignments_.push_back({"", std::nullopt, words});
        return;
    }
    for (const std::string& assignment : *effects.settings) {
        const std::size_t equals = assignment.find('=');
        std::string path = model::sysctl_path(std::string_view{assignment}.substr(0, equals));
        std::optional<std::string> value = shown_value(path, std::string_view{assignment}.substr(equals + 1));
        assignments_.push_back({std::move(path), std::move(value), words});
    }
}

bool PendingSettings::answers(const PendingQuestion& question) {
    return !question.words.empty() && question.words[0] == "sysctl";
}

/// The last one that has to do with it.
const PendingSettings::Assignment* PendingSettings::last(const std::string& path) const {
    const auto found = std::find_if(assignments_.rbegin(), assignments_.rend(), [&](const Assignment& each) {
        return each.path.empty() || each.path == path || is_coupled(each.path, path);
    });
    return found == assignments_.rend() ? nullptr : &*found;
}

std::optional<PendingAnswer> PendingSettings::answer(const PendingQuestion& question) const {
    if (assignments_.empty() || !answers(question)) return std::nullopt;
    const std::vector<std::string> keys = question.operands();
    const bool all = question.has("--all") || question.has("-A") || question.has("-X") ||
                     !question.values("--pattern").empty();
    if (question.has("--names")) return std::nullopt; // they stay
    if (all || keys.empty()) return cannot_be_known(assignments_.back().action, ", or ask for one setting");
    std::string output;
    const Assignment* known = nullptr;
    bool machines = false;
    for (const std::string& key : keys) {
        const std::string path = model::sysctl_path(key);
        if (path.find('*') != std::string::npos) return cannot_be_known(assignments_.back().action);
        const Assignment* found = last(path);
        if (found == nullptr) {
            machines = true;
            continue;
        }
        known = found;
        if (found->path != path || !found->value || question.has("--binary"))
            return cannot_be_known(found->action);
        output +=
            question.has("--values") ? *found->value + "\n" : shown_key(path) + " = " + *found->value + "\n";
    }
    if (known == nullptr) return std::nullopt;
    if (machines) return cannot_be_known(known->action, ", or ask for each setting by itself");
    return PendingAnswer{0, output};
}

} // namespace disco::border
