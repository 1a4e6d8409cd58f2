#include "runner/merge/times_set.hpp"

#include "runner/merge/journal_lines.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

using nlohmann::json;

bool same(const timespec& a, const timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

} // namespace

TimesSet::TimesSet(std::filesystem::path file) : file_{std::move(file)} {
    const std::string text = sys::read_file_if_exists(file_).value_or("");
    try {
        for (std::string_view rest = text; !rest.empty();) {
            const std::string_view line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
            const json value = json::parse(line);
            entries_[bytes_of(value.at("path"))] = {value.at("inode"), moment_of(value.at("before")),
                                                    moment_of(value.at("after"))};
        }
    } catch (const std::exception& error) { // of the JSON library, or of a line that is none of ours
        spdlog::warn("'{}' is damaged and counts for nothing: {}", file_.string(), error.what());
        entries_.clear();
    }
}

void TimesSet::note(const std::string& path, const model::Stamp& expected, const struct stat& now) {
    // Whoever has changed it right afterwards has done more than set its times.
    if (now.st_ino != expected.inode || now.st_mode != expected.mode || now.st_uid != expected.uid ||
        now.st_gid != expected.gid ||
        (!S_ISDIR(now.st_mode) && static_cast<std::uint64_t>(now.st_size) != expected.size))
        return;
    const auto [at, fresh] = entries_.try_emplace(path);
    Entry& entry = at->second;
    const bool unbroken = !fresh && entry.inode == expected.inode && same(entry.after, expected.ctime);
    entry = {expected.inode, unbroken ? entry.before : expected.ctime, now.st_ctim};
}

bool TimesSet::accounts_for(const std::string& path, const struct stat& now, const timespec& moment) const {
    if (!sys::later(now.st_ctim, moment)) return true;
    const auto found = entries_.find(path);
    return found != entries_.end() && found->second.inode == now.st_ino &&
           same(found->second.after, now.st_ctim) && !sys::later(found->second.before, moment);
}

bool TimesSet::any_since(const timespec& moment) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const auto& entry) { return sys::later(entry.second.after, moment); });
}

void TimesSet::save() const {
    std::string text;
    for (const auto& [path, entry] : entries_)
        text += json{{"path", to_json(std::string_view{path})},
                     {"inode", entry.inode},
                     {"before", to_json(entry.before)},
                     {"after", to_json(entry.after)}}
                    .dump() +
                "\n";
    sys::write_file_atomically(file_, text, 0600);
}

} // namespace disco::merge
