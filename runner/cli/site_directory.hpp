#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace disco::cli {

/// A directory of pages, and the list of them, by which only they are ever replaced or removed. Every page is
/// written aside and put in its place whole. Who may read the directory may read the pages. Everything throws
/// SysError.
class SiteDirectory {
public:
    /// Makes it, mode 0700, if it is missing. Throws BadConfiguration where there is a first page of somebody
    /// else.
    explicit SiteDirectory(std::filesystem::path path);

    using Write = std::function<void(const std::function<void(std::string_view)>& write)>;
    /// Whether a page is there already. `stamp` (one word) says of which state of a report, and in which way,
    /// it was made.
    [[nodiscard]] bool is_current(const std::string& page, const std::string& stamp) const;
    /// The page that shows a report; `write` is called unless it is current.
    void put_page(const std::string& page, const std::string& stamp, const Write& write);
    /// Pages that were there stay: it is not known whether their reports have gone.
    void keep_earlier() noexcept { keeps_earlier_ = true; }
    /// Writes the first page, and removes what was not put this time.
    void finish(const Write& write_index);

    /// Of those that were put.
    [[nodiscard]] std::size_t pages() const { return pages_.size(); }
    [[nodiscard]] std::size_t written() const { return written_; }
    [[nodiscard]] bool has(const std::string& page) const { return pages_.contains(page); }

private:
    void write_file(const std::filesystem::path& file, const Write& write) const;
    std::filesystem::path path_;
    mode_t mode_ = 0;
    std::map<std::string, std::string> earlier_, pages_; ///< page → stamp
    std::size_t written_ = 0;
    bool keeps_earlier_ = false;
};

/// "runs/web1-20260131T235959Z-0a1b.html": a name for the page of a run, whose node and id may be anything.
[[nodiscard]] std::string page_name(std::string_view node, std::string_view id);

} // namespace disco::cli
