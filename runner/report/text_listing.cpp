#include "runner/report/text_listing.hpp"

#include "runner/report/report_summary.hpp"
#include "runner/report/report_words.hpp"
#include "runner/report/text_changes.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace disco::report {
namespace {

using Kind = ChangeGroup::Kind;

/// Of more objects than that a tree becomes one line.
constexpr std::size_t largest_listed_tree = 5;

struct Counts {
    std::size_t files = 0, directories = 0;
    [[nodiscard]] std::size_t all() const { return files + directories; }
    [[nodiscard]] std::string in_words() const {
        std::string text = files == 0 ? "" : counted(files, "file", "files");
        if (directories != 0)
            text += (text.empty() ? "" : ", ") + counted(directories, "directory", "directories");
        return text;
    }
};

/// A change that is listed by itself, or a tree that is one line.
struct Entry {
    std::size_t change = 0; ///< index in the log; of a tree the first one
    Counts below{};         ///< of a tree, without its directory; else none
};

class Listing {
public:
    Listing(const model::ModuleReport& module, const ChangeLog& changes)
        : module_{module}, changes_{changes} {
        const std::size_t end = module.first_change + module.changes();
        for (std::size_t index = module.first_change; index < end;) {
            const ChangeGroup& group = changes.group_of(index);
            if (group.kind == Kind::tree) {
                index = add_tree(index, end, group);
                continue;
            }
            if (group.kind == Kind::delivered)
                delivered_.push_back({index});
            else if (group.kind == Kind::manager)
                count(index, manager_);
            else if (group.kind == Kind::package && is_changed(group.name))
                count(index, packages_[group.name]);
            else
                others_.push_back({index});
            ++index;
        }
    }

    /// In the order in which they are shown.
    [[nodiscard]] std::vector<Entry> entries() const {
        std::vector<Entry> all = delivered_;
        all.insert(all.end(), others_.begin(), others_.end());
        return all;
    }
    [[nodiscard]] Counts of_package(const std::string& name) const {
        const auto found = packages_.find(name);
        return found == packages_.end() ? Counts{} : found->second;
    }
    [[nodiscard]] const Counts& manager() const { return manager_; }

private:
    void count(std::size_t index, Counts& counts) const {
        ++(changes_.is_directory(index) ? counts.directories : counts.files);
    }
    [[nodiscard]] bool is_changed(const std::string& package) const {
        return std::any_of(module_.packages.begin(), module_.packages.end(),
                           [&](const model::PackageChange& change) { return change.name == package; });
    }
    /// What follows each other in one tree; what is delivered or packages own between is none of it.
    std::size_t add_tree(std::size_t first, std::size_t end, const ChangeGroup& tree) {
        std::size_t last = first;
        Counts counts;
        while (last < end && changes_.group_of(last) == tree) count(last++, counts);
        if (counts.all() <= largest_listed_tree) {
            for (std::size_t index = first; index < last; ++index) others_.push_back({index});
        } else {
            --counts.directories;
            others_.push_back({first, counts});
        }
        return last;
    }

    const model::ModuleReport& module_;
    const ChangeLog& changes_;
    std::vector<Entry> delivered_, others_;
    std::map<std::string, Counts> packages_;
    Counts manager_;
};

class ListingWriter {
public:
    ListingWriter(const model::ModuleReport& module, const ChangeLog& changes, const TextStyle& style,
                  const std::function<void(std::string_view)>& write)
        : module_{module}, changes_{changes}, style_{style}, paint_{style.color}, write_{write} {}

    void write() {
        if (!style_.only.empty())
            write_matching();
        else if (style_.detail != Detail::changes)
            write_all();
        else
            write_folded();
    }

private:
    void write_change(std::size_t index) {
        changes_.for_each(index, 1, [&](const RecordedChange& change) {
            write_(change_text(change, style_.detail, paint_));
        });
    }

    void write_matching() {
        model::PathGlobs only = style_.only;
        std::size_t others = 0;
        changes_.for_each(module_.first_change, module_.changes(), [&](const RecordedChange& change) {
            if (only.cover(change.path))
                write_(change_text(change, style_.detail, paint_));
            else
                ++others;
        });
        if (others != 0)
            write_(
                fmt::format("    {} not shown (--only)\n", counted(others, "other change", "other changes")));
    }

    /// Each change, what is delivered first.
    void write_all() {
        for (const bool delivered : {true, false})
            for (std::size_t i = 0; i < module_.changes(); ++i) {
                const std::size_t index = module_.first_change + i;
                if ((changes_.group_of(index).kind == Kind::delivered) == delivered) write_change(index);
            }
        for (const model::PackageChange& package : module_.packages) write_package(package, {});
    }

    void write_folded() {
        constexpr std::size_t listed_at_most = 200, listed_then = 100;
        const Listing listing{module_, changes_};
        const std::vector<Entry> entries = listing.entries();
        const bool cut = entries.size() > listed_at_most;
        for (std::size_t i = 0; i < (cut ? listed_then : entries.size()); ++i) {
            if (entries[i].below.all() == 0)
                write_change(entries[i].change);
            else
                write_tree(entries[i]);
        }
        if (cut)
            write_(fmt::format("    … and {} more (--diff and the JSON report show all)\n",
                               entries.size() - listed_then));
        for (const model::PackageChange& package : module_.packages)
            write_package(package, listing.of_package(package.name));
        if (listing.manager().all() != 0)
            write_(fmt::format("    {} package manager  {} (data base, caches, logs)\n", paint_.yellow("~"),
                               listing.manager().in_words()));
    }

    void write_tree(const Entry& tree) {
        const ChangeGroup& group = changes_.group_of(tree.change);
        changes_.for_each(tree.change, 1, [&](const RecordedChange& first) {
            const bool comes = first.kind == model::ChangeKind::created;
            write_(fmt::format("    {} {}   {}\n", comes ? paint_.green("+") : paint_.red("-"),
                               sys::printable(group.name + "/"), tree.below.in_words()));
        });
    }

    void write_package(const model::PackageChange& package, const Counts& counts) {
        const std::string mark = package.before.empty()  ? paint_.green("+")
                                 : package.after.empty() ? paint_.red("-")
                                                         : paint_.yellow("~");
        write_(fmt::format("    {} {} {}{}{}\n", mark, sys::printable(package.name),
                           versions_in_words(package), counts.files == 0 ? "" : "  ",
                           counts.files == 0 ? "" : counted(counts.files, "file", "files")));
    }

    const model::ModuleReport& module_;
    const ChangeLog& changes_;
    const TextStyle& style_;
    Paint paint_;
    const std::function<void(std::string_view)>& write_;
};

} // namespace

void write_listing(const model::ModuleReport& module, const ChangeLog& changes, const TextStyle& style,
                   const std::function<void(std::string_view)>& write) {
    ListingWriter{module, changes, style, write}.write();
}

} // namespace disco::report
