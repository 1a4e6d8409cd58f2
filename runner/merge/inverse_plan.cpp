#include "runner/merge/inverse_plan.hpp"

#include "runner/merge/directory_cache.hpp"
#include "runner/merge/live_check.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/path_length.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/tree_walk.hpp"

#include <iterator>
#include <optional>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

using model::Stamp;

bool same(const model::Metadata& a, const model::Metadata& b) {
    return a.mode == b.mode && a.uid == b.uid && a.gid == b.gid && a.xattrs == b.xattrs;
}

/// Turns the steps of one managed mount round.
class Inverse {
public:
    Inverse(const JournalTree& tree, const model::PreparedPlan& done, const InverseTerms& terms,
            const LostOriginals& lost, Rollback& rollback)
        : tree_{tree},
          done_{done},
          terms_{terms},
          lost_{lost},
          rollback_{rollback},
          live_{sys::open_directory(tree.live)} {}

    model::MergePlan plan() {
        for (auto step = done_.live.rbegin(); step != done_.live.rend(); ++step)
            if (!is_lost(*step) && !is_kept(*step) && !is_split(*step))
                plan_.live.push_back(std::visit([this](const auto& one) { return inverse(one); }, *step));
        plan_times();
        return std::move(plan_);
    }
    [[nodiscard]] std::vector<model::Conflict> take_conflicts() { return std::move(conflicts_); }

private:
    [[nodiscard]] std::string shown(const std::string& path) const {
        return path.empty() && !tree_.prefix.empty() ? tree_.prefix : tree_.prefix + "/" + path;
    }

    [[nodiscard]] std::vector<model::NameInDirectory> list(const std::string& shown) const {
        const std::string path = shown.substr(tree_.prefix.size() + 1);
        sys::check_path_length(tree_.prefix, path);
        const sys::UniqueFd directory = sys::try_open_beneath(live_.root(), path, O_RDONLY | O_DIRECTORY);
        std::vector<model::NameInDirectory> names;
        if (!directory) return names; // whose it is may remove it at any time
        for (sys::DirectoryEntry& entry : sys::list_directory(directory.get(), path)) {
            const bool inside = entry.type == DT_DIR && !sys::is_mount_point_at(directory.get(), entry.name);
            names.push_back({std::move(entry.name), inside});
        }
        return names;
    }

    [[nodiscard]] bool is_lost(const model::PreparedStep& step) {
        const std::string* original = model::staged_original(step);
        if (!lost_.all && (original == nullptr || !lost_.sources.contains(*original))) return false;
        const std::string path = shown(model::path_of(step));
        (void)terms_.keep.cover(path); // a glob for it is no slip
        rollback_.kept.push_back(path);
        rollback_.lost.insert(path);
        return true;
    }

    [[nodiscard]] bool is_kept(const model::PreparedStep& step) {
        const std::string& path = model::path_of(step);
        if (!terms_.keep.cover(shown(path))) return false;
        if (const auto now = live_.status_of(path); now && S_ISDIR(now->st_mode))
            model::match_below(shown(path), terms_.keep, lister());
        rollback_.kept.push_back(shown(path));
        return true;
    }

    /// Of a directory that the run made, what is not kept goes one by one. Others come back as a whole.
    [[nodiscard]] bool is_split(const model::PreparedStep& step) {
        if (terms_.keep.empty() || std::holds_alternative<model::PreparedMetadata>(step)) return false;
        const std::string& path = model::path_of(step);
        const auto now = live_.status_of(path);
        if (!now || !S_ISDIR(now->st_mode)) return false;
        model::SplitDirectory split = model::split_directory(shown(path), terms_.keep, lister());
        if (split.kept.empty()) return false;
        const auto* put = std::get_if<model::PreparedPut>(&step);
        if (put == nullptr)
            throw sys::UsageError{fmt::format(
                "run {} replaced or removed '{}' as a whole, so a part of it cannot be kept: keep all of it "
                "(--keep {}), or nothing",
                terms_.run, sys::printable(shown(path)), sys::quote_words({shown(path) + "/**"}))};
        if (now->st_ino != put->inode && inode_at_the_moment(path, *now) != put->inode)
            return false; // somebody else's, which is a conflict
        for (const std::string& one : split.goes) {
            const std::string inner = one.substr(tree_.prefix.size() + 1);
            if (const auto there = live_.status_of(inner))
                plan_.live.push_back(
                    remove(inner, inode_at_the_moment(inner, *there).value_or(there->st_ino)));
        }
        std::move(split.kept.begin(), split.kept.end(), std::back_inserter(rollback_.kept));
        rollback_.stay.insert(split.stays.begin(), split.stays.end());
        return true;
    }
    model::ListDirectory lister() {
        return [this](const std::string& path) { return list(path); };
    }

    void plan_times() {
        const std::set<std::string_view> touched = touched_directories();
        for (const model::DirectoryTimes& parent : done_.parents_before) {
            if (is_partial() && !touched.contains(parent.path)) continue;
            // Whoever has changed a directory since has given it a time of its own.
            const auto now = live_.status_of(parent.path);
            if (now && !sys::later(now->st_mtim, terms_.merged)) plan_.parents_after.push_back(parent);
        }
    }
    [[nodiscard]] bool is_partial() const { return !terms_.keep.empty() || !rollback_.lost.empty(); }
    /// Those that steps change, or whose entries they do, where something is kept: else that is all of them.
    [[nodiscard]] std::set<std::string_view> touched_directories() const {
        std::set<std::string_view> touched;
        if (!is_partial()) return touched;
        for (const model::LiveStep& step : plan_.live) {
            const std::string_view path = model::path_of(step);
            const std::size_t slash = path.rfind('/');
            touched.insert(path);
            touched.insert(path.substr(0, slash == std::string_view::npos ? 0 : slash));
        }
        return touched;
    }

    model::Remove remove(const std::string& path, std::uint64_t inode) {
        return {path, expected(path, inode, Departure::yes), fmt::format("{}.{}", terms_.run, next_++)};
    }
    model::LiveStep inverse(const model::PreparedPut& step) { return remove(step.path, step.inode); }
    /// The original is where the new object came from, or copied home under the name it had on the other file
    /// system.
    model::LiveStep inverse(const model::PreparedExchange& step) {
        return model::Exchange{step.path, step.from, expected(step.path, step.inode, Departure::yes)};
    }
    model::LiveStep inverse(const model::Remove& step) {
        return model::PutNew{step.path, {model::ObjectSource::Location::staging, step.kept_as}};
    }
    model::LiveStep inverse(const model::PreparedMetadata& step) {
        model::SetMetadata back{step.path, step.like, expected(step.path, step.expected.inode, Departure::no),
                                0, nullptr};
        back.given = std::make_shared<const model::MetadataChange>(
            model::MetadataChange{step.change->after, step.change->before});
        // A directory's stamps do not tell of its metadata alone.
        const auto now = live_.hold(step.path);
        if (now && S_ISDIR(now->status().st_mode) &&
            !same(read_metadata(*now, Bookkeeping::keep), step.change->after))
            back.expected = {};
        return back;
    }

    /// The object that the merge put there, as it is now: a later change of it shows by its ctime. Any other
    /// is not what it should be, and a stamp that fits nothing makes it a conflict.
    enum class Departure { no, yes };
    Stamp expected(const std::string& path, std::uint64_t inode, Departure goes) {
        const auto now = live_.status_of(path);
        if (now && S_ISDIR(now->st_mode) && goes == Departure::yes) rollback_.made.insert(shown(path));
        if (now && (terms_.own == nullptr ? now->st_ino == inode : is_untouched(path, inode, *now, goes)))
            return model::stamp(*now);
        Stamp none;
        none.inode = inode;
        return none;
    }

    /// Where there is own work the check does not know it, so what it looks for is looked for here: a later
    /// change, of what goes also inside.
    [[nodiscard]] bool is_untouched(const std::string& path, std::uint64_t inode, const struct stat& now,
                                    Departure goes) {
        const bool directory = S_ISDIR(now.st_mode);
        if (directory && goes == Departure::no && now.st_ino == inode) return true;
        const bool untouched = inode_at_the_moment(path, now) == inode;
        if (directory && goes == Departure::yes && (untouched || now.st_ino == inode))
            look_inside(path, sys::open_beneath(live_.root(), path, O_RDONLY | O_DIRECTORY));
        return untouched;
    }
    void look_inside(const std::string& path, sys::UniqueFd directory) {
        try {
            sys::TreeWalk walk{std::move(directory), shown(path)};
            while (walk.next())
                if (walk.found() && look_at(path, walk)) walk.enter();
        } catch (const sys::MovedMeanwhile&) {
            conflicts_.push_back({shown(path), "as it was", "somebody moves directories in it"});
        }
    }
    /// True when what is in it comes next.
    bool look_at(const std::string& path, const sys::TreeWalk& walk) {
        const auto status = sys::stat_at(walk.directory(), walk.name());
        if (!status || sys::is_mount_point_at(walk.directory(), walk.name())) return false;
        const std::string inner = path + "/" + walk.path();
        if (inner.size() > sys::longest_path) {
            conflicts_.push_back(
                {sys::path_for_people(shown(inner)), "as it was", "deeper than a path can be long"});
            return false; // somebody else's: nothing so deep is ever merged
        }
        if (!inode_at_the_moment(inner, *status)) conflicts_.push_back(changed_later(shown(inner), *status));
        return S_ISDIR(status->st_mode);
    }

    /// Where there is no own work the check looks for later changes.
    [[nodiscard]] std::optional<std::uint64_t> inode_at_the_moment(const std::string& path,
                                                                   const struct stat& now) const {
        return terms_.own == nullptr ? now.st_ino : terms_.own->inode_at_the_moment(tree_.live / path, now);
    }

    const JournalTree& tree_;
    const model::PreparedPlan& done_;
    const InverseTerms& terms_;
    const LostOriginals& lost_;
    Rollback& rollback_;
    DirectoryCache live_;
    model::MergePlan plan_;
    std::vector<model::Conflict> conflicts_;
    std::size_t next_ = 0;
};

} // namespace

void add_inverse(const JournalTree& tree, const model::PreparedPlan& done, const InverseTerms& terms,
                 const LostOriginals& lost, std::filesystem::path layer, std::filesystem::path kept,
                 Rollback& rollback) {
    Inverse inverse{tree, done, terms, lost, rollback};
    model::MergePlan plan = inverse.plan();
    rollback.trees.push_back({tree.live, tree.prefix, std::move(plan), std::move(layer), std::move(kept),
                              inverse.take_conflicts()});
}

} // namespace disco::merge
