#include "runner/merge/times_set.hpp"

#include "runner/merge/journal_lines.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

using nlohmann::json;

} // namespace

TimesSet::TimesSet(std::filesystem::path file) : file_{std::move(file)} {
    const std::string text = sys::read_file_if_exists(file_).value_or("");
    try {
        for (const std::string_view line : sys::lines_of(text)) {
            const json value = json::parse(line);
            entries_[bytes_of(value.at("path"))].push_back(
                {value.at("inode"), moment_of(value.at("before")), moment_of(value.at("after"))});
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
    std::vector<Entry>& rows = entries_[path];
    const auto unbroken = std::find_if(rows.begin(), rows.end(), [&](const Entry& row) {
        return row.inode == expected.inode && sys::same_moment(row.after, expected.ctime);
    });
    if (unbroken != rows.end()) {
        unbroken->after = now.st_ctim;
        return;
    }
    constexpr std::size_t most = 4; // an earlier one is of use only where all that broke it was undone
    if (rows.size() == most) rows.erase(rows.begin());
    rows.push_back({expected.inode, expected.ctime, now.st_ctim});
}

std::optional<timespec> TimesSet::before(const std::string& path, std::uint64_t inode,
                                         const timespec& ctime) const {
    const auto found = entries_.find(path);
    if (found == entries_.end()) return std::nullopt;
    for (const Entry& row : found->second)
        if (row.inode == inode && sys::same_moment(row.after, ctime) && sys::later(ctime, row.before))
            return row.before;
    return std::nullopt;
}

bool TimesSet::any_since(const timespec& moment) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const auto& entry) {
        return std::any_of(entry.second.begin(), entry.second.end(),
                           [&](const Entry& row) { return sys::later(row.after, moment); });
    });
}

void TimesSet::save() const {
    std::string text;
    for (const auto& [path, rows] : entries_)
        for (const Entry& row : rows)
            text += json{{"path", to_json(std::string_view{path})},
                         {"inode", row.inode},
                         {"before", to_json(row.before)},
                         {"after", to_json(row.after)}}
                        .dump() +
                    "\n";
    sys::write_file_atomically(file_, text, 0600);
}

} // namespace disco::merge
