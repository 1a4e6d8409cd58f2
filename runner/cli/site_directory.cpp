#include "runner/cli/site_directory.hpp"

#include "runner/sys/atomic_file.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/sha256.hpp"
#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

constexpr const char* index_name = "index.html";
constexpr const char* list_name = ".disco-site"; ///< a line for each page: its name and its stamp
constexpr const char* runs_name = "runs";

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/// What page_name makes. The list of pages may have been changed by others, and what it names is removed.
bool is_page_name(std::string_view page) {
    constexpr std::string_view begin = "runs/", end = ".html";
    if (!page.starts_with(begin) || !page.ends_with(end) || page.size() <= begin.size() + end.size())
        return false;
    page.remove_prefix(begin.size());
    return page[0] != '.' && std::all_of(page.begin(), page.end(), is_plain);
}

/// "20260131T235959.123Z-0a1b2c": with one dash.
bool is_run_id(std::string_view id) {
    const std::size_t dash = id.find('-');
    const std::string_view moment = id.substr(0, dash);
    return dash != std::string_view::npos && id.find('-', dash + 1) == std::string_view::npos &&
           moment.size() >= 16 && moment.find_first_not_of("0123456789TZ.") == std::string_view::npos;
}

/// What somebody else has put in the place of what disco writes is not followed, and nothing is waited for.
void refuse_anything_but(const std::filesystem::path& path, mode_t type, const char* what) {
    const auto there = sys::stat_path(path);
    if (there && (there->st_mode & S_IFMT) != type)
        throw sys::BadConfiguration{
            fmt::format("'{}' is no {}, so disco did not write it; remove it, or name another "
                        "directory for the site",
                        sys::printable(path.string()), what)};
}

} // namespace

std::string page_name(std::string_view node, std::string_view id) {
    constexpr std::size_t longest = 180;
    const std::string wanted = fmt::format("{}-{}", node, id);
    std::string name = wanted.substr(0, longest);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !is_plain(c); }, '_');
    if (name[0] == '.') name[0] = '_';
    // No two runs share a page: of what is a run's name, the node's begins before its last dash but one.
    if (name != wanted || !is_run_id(id)) name += "-" + sys::hex(sys::sha256(wanted)).substr(0, 16);
    return fmt::format("{}/{}.html", runs_name, name);
}

SiteDirectory::SiteDirectory(std::filesystem::path path) : path_{std::move(path)} {
    sys::make_directories(path_, 0700);
    struct stat status = {};
    sys::check(::stat(path_.c_str(), &status), "look at", path_);
    mode_ = status.st_mode & 0777U;
    refuse_anything_but(path_ / list_name, S_IFREG, "regular file");
    refuse_anything_but(path_ / runs_name, S_IFDIR, "directory");
    const auto list = sys::read_file_if_exists(path_ / list_name);
    if (!list && sys::stat_path(path_ / index_name))
        throw sys::BadConfiguration{
            fmt::format("'{}' has an {} that disco did not write; name another directory for the site",
                        sys::printable(path_.string()), index_name)};
    if (list)
        for (std::string_view line : sys::lines_of(*list)) {
            const std::string page{sys::take_word(line)};
            if (is_page_name(page)) earlier_[page] = line;
        }
    sys::make_directories(path_ / runs_name, mode_);
}

void SiteDirectory::write_file(const std::filesystem::path& file, const Write& write) const {
    sys::AtomicFile whole{file, mode_ & 0666U};
    write([&](std::string_view piece) { whole.write(piece); });
    whole.commit();
}

bool SiteDirectory::is_current(const std::string& page, const std::string& stamp) const {
    const auto before = earlier_.find(page);
    return before != earlier_.end() && before->second == stamp && sys::stat_path(path_ / page);
}

void SiteDirectory::put_page(const std::string& page, const std::string& stamp, const Write& write) {
    pages_[page] = stamp;
    if (is_current(page, stamp)) return;
    write_file(path_ / page, write);
    ++written_;
}

void SiteDirectory::finish(const Write& write_index) {
    write_file(path_ / index_name, write_index);
    if (keeps_earlier_) pages_.insert(earlier_.begin(), earlier_.end());
    for (const auto& [page, stamp] : earlier_)
        if (!pages_.contains(page) && ::unlink((path_ / page).c_str()) != 0 && errno != ENOENT)
            throw sys::SysError{errno, "remove", path_ / page};
    write_file(path_ / list_name, [&](const auto& put) {
        for (const auto& [page, stamp] : pages_) put(fmt::format("{} {}\n", page, stamp));
    });
}

} // namespace disco::cli
