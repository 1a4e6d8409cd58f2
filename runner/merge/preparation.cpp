#include "runner/merge/preparation.hpp"

#include "runner/merge/copy_check.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/merge/rename_trial.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/leased_file.hpp"
#include "runner/sys/metadata.hpp"
#include "runner/sys/parts.hpp"
#include "runner/sys/working_directory.hpp"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

struct statx look_at_mount(const std::filesystem::path& directory) {
    struct statx status = {};
    sys::check(::statx(AT_FDCWD, directory.c_str(), 0, STATX_MNT_ID, &status), "look at the mount of",
               directory);
    return status;
}

/// `Step`: model::LiveStep, const or not.
template <class Step> auto* source_of(Step& step) {
    if (auto* put = std::get_if<model::PutNew>(&step)) return &put->from;
    auto* exchange = std::get_if<model::Exchange>(&step);
    return exchange == nullptr ? nullptr : &exchange->from;
}

std::string shown(const MergePlaces& places) { return places.prefix().empty() ? "/" : places.prefix(); }

void check_copies(const model::MergePlan& plan, MergePlaces& places) {
    CopyCheck copies;
    for (const model::LiveStep& step : plan.live) {
        const std::string path = places.shown(model::path_of(step));
        if (const auto* source = source_of(step)) {
            const DirectoryCache::Place from = places.place_of(*source);
            copies.add(from.directory, from.name, path);
        } else if (const auto* metadata = std::get_if<model::SetMetadata>(&step)) {
            if (metadata->given) {
                copies.add_attributes(metadata->given->after.xattrs, path);
                continue;
            }
            const DirectoryCache::Place like = places.place_of(metadata->like);
            copies.add_attributes(like.directory, like.name, path);
        }
    }
    copies.check(places.live().root(), shown(places));
}

/// That what is replaced can be copied to the store in the end.
void check_originals_can_be_kept(const model::MergePlan& plan, MergePlaces& places,
                                 const std::filesystem::path& store) {
    CopyCheck copies;
    for (const model::LiveStep& step : plan.live) {
        if (!std::holds_alternative<model::Exchange>(step) && !std::holds_alternative<model::Remove>(step))
            continue;
        const std::string& path = model::path_of(step);
        const DirectoryCache::Place place = places.live().parent_of(path);
        copies.add(place.directory, place.name, places.shown(path));
    }
    sys::while_doing("making sure that the merge can be undone if nobody confirms it",
                     [&] { copies.check(places.layer().root(), store); });
}

void copy_to_staging(model::MergePlan& plan, MergePlaces& places, const StagingDirectory& staging) {
    sys::UniqueFd to = sys::open_on_mount(staging.directory(), ".", O_RDONLY | O_DIRECTORY);
    try_renames(plan, to.get(), shown(places));
    ObjectCopy copier{to.get()};
    std::size_t number = 0;
    for (model::LiveStep& step : plan.live) {
        auto* source = source_of(step);
        if (source == nullptr) continue;
        const std::string name = fmt::format("c{}", number++);
        const DirectoryCache::Place from = places.place_of(*source);
        copier.copy(from.directory, from.name, name);
        *source = {model::ObjectSource::Location::staging, name};
    }
    // What is exchanged ends where the new one was, and what is removed goes there as well.
    places.move_staging(std::move(to));
}

unsigned read_flags(const sys::HeldObject& live, std::string path) {
    try {
        return live.read_flags();
    } catch (const sys::LeaseKept&) {
        throw LateConflict{{std::move(path), "a file that can be read", sys::LeaseKept::what_to_do}};
    }
}

/// Gives a step what it can be told by from one that was not taken, and taken back.
class Preparer {
public:
    explicit Preparer(MergePlaces& places) : places_{places} {}

    model::PreparedStep operator()(model::PutNew&& step) {
        const Source source = look_at(step.from);
        return model::PreparedPut{std::move(step), source.inode, source.mark};
    }
    model::PreparedStep operator()(model::Exchange&& step) {
        const Source source = look_at(step.from);
        return model::PreparedExchange{std::move(step), source.inode, source.mark};
    }
    model::PreparedStep operator()(model::Remove&& step) { return std::move(step); }
    model::PreparedStep operator()(model::SetMetadata&& step) {
        auto change = step.given ? step.given : change_by(step);
        return model::PreparedMetadata{std::move(step), std::move(change)};
    }

private:
    struct Source {
        std::uint64_t inode;
        model::SourceMark mark;
    };
    Source look_at(const model::ObjectSource& source) {
        const DirectoryCache::Place place = places_.place_of(source);
        const auto status = statx_at(place);
        if (!status) throw sys::SysError{ENOENT, "find what is to be merged", source.path};
        return {status->stx_ino, mark_of(*status)};
    }

    std::shared_ptr<const model::MetadataChange> change_by(const model::SetMetadata& step) {
        const DirectoryCache::Place like = places_.place_of(step.like);
        model::Metadata after = read_metadata(sys::HeldObject{like.directory, like.name}, Bookkeeping::strip);
        after.flags = step.flags;
        // Taking back gives these to the object that was planned, so they must be of no other one.
        const auto live = places_.live().hold(step.path);
        if (!live || !is_planned(*live, step.expected))
            throw sys::Error{fmt::format("somebody else has replaced '{}' meanwhile: nothing was merged",
                                         places_.shown(step.path))};
        model::Metadata before = read_metadata(*live, Bookkeeping::keep);
        before.flags = read_flags(*live, places_.shown(step.path));
        // What need not be set needs no file opened, on which somebody may have a lease by then.
        if (before.flags == after.flags) before.flags = after.flags = std::nullopt;
        return std::make_shared<const model::MetadataChange>(
            model::MetadataChange{std::move(before), std::move(after)});
    }

    MergePlaces& places_;
};

std::vector<model::PreparedStep> prepare_steps(std::vector<model::LiveStep> planned, MergePlaces& places) {
    std::vector<model::PreparedStep> prepared(planned.size());
    sys::in_parts(planned.size(), [&](std::size_t begin, std::size_t end) {
        MergePlaces own = places.another();
        Preparer step_prepared{own};
        for (std::size_t i = begin; i < end; ++i)
            prepared[i] = std::visit(step_prepared, std::move(planned[i]));
    });
    return prepared;
}

/// Of every directory once: steps of one directory follow each other, but for those of directories in it.
void note_parents(model::PreparedPlan& plan, MergePlaces& places) {
    std::set<std::string> known;
    // An exchange sets its mtime on some file systems (XFS), as its parent becomes another.
    for (const model::PreparedStep& step : plan.live)
        if (const auto* exchange = std::get_if<model::PreparedExchange>(&step);
            exchange != nullptr && S_ISDIR(exchange->expected.mode) && known.insert(exchange->path).second)
            if (const auto now = places.live().status_of(exchange->path))
                plan.parents_before.push_back({exchange->path, now->st_atim, now->st_mtim, now->st_ctim});
    for (const model::PreparedStep& step : plan.live) {
        const std::string& path = model::path_of(step);
        const std::size_t slash = path.rfind('/');
        std::string parent = slash == std::string::npos ? std::string{} : path.substr(0, slash);
        if (const auto* metadata = std::get_if<model::PreparedMetadata>(&step)) {
            if (!S_ISDIR(metadata->expected.mode)) continue;
            parent = path; // its own times are set, too
        }
        if ((!plan.parents_before.empty() && plan.parents_before.back().path == parent) ||
            !known.insert(parent).second)
            continue;
        const DirectoryCache::Place place = places.live().parent_of(path);
        struct stat status = {};
        sys::check(parent == path
                       ? ::fstatat(place.directory, place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW)
                       : ::fstat(place.directory, &status),
                   "stat", parent);
        plan.parents_before.push_back({std::move(parent), status.st_atim, status.st_mtim, status.st_ctim});
    }
}

/// Does it with each object's name, in the directory that holds it.
template <class Work>
void for_each_beside(const std::vector<std::string>& paths, const DirectoryCache& layer, const Work& work) {
    if (paths.empty()) return;
    sys::in_parts(paths.size(), [&](std::size_t begin, std::size_t end) {
        DirectoryCache own = layer.another();
        sys::WorkingDirectory working;
        for (std::size_t i = begin; i < end; ++i) {
            const DirectoryCache::Place place = own.parent_of(paths[i]);
            working.enter(place.directory);
            work(place.name);
        }
    });
}

} // namespace

bool on_one_mount(const std::filesystem::path& a, const std::filesystem::path& b) {
    const struct statx one = look_at_mount(a), other = look_at_mount(b);
    return one.stx_mnt_id == other.stx_mnt_id && one.stx_dev_major == other.stx_dev_major &&
           one.stx_dev_minor == other.stx_dev_minor;
}

void finish_objects(const model::MergePlan& plan, DirectoryCache& layer) {
    for_each_beside(plan.clean, layer, [](const std::string& name) { remove_bookkeeping(AT_FDCWD, name); });
    for_each_beside(plan.clean_origin, layer, [](const std::string& name) {
        sys::remove_xattr_at(AT_FDCWD, name, "trusted.overlay.origin");
    });
    for (const auto& [path, flags] : plan.flags) {
        const DirectoryCache::Place place = layer.parent_of(path);
        add_flags(place.directory, place.name, flags);
    }
}

void expect_copies(const model::MergePlan& plan, const std::string& prefix, const std::filesystem::path& live,
                   const std::filesystem::path& layer) {
    MergePlaces places{prefix, sys::open_directory(live), sys::open_directory(layer),
                       sys::open_directory(layer)};
    check_copies(plan, places);
}

void check_room(const model::MergePlan& plan, MergePlaces& places,
                const std::filesystem::path& must_keep_in) {
    if (!must_keep_in.empty()) check_originals_can_be_kept(plan, places, must_keep_in);
    check_copies(plan, places);
}

model::PreparedPlan prepare(model::MergePlan plan, MergePlaces& places, const StagingDirectory* staging) {
    finish_objects(plan, places.layer());
    if (staging == nullptr)
        try_renames(plan, places.staging(), shown(places));
    else
        copy_to_staging(plan, places, *staging);
    model::PreparedPlan prepared{
        prepare_steps(std::move(plan.live), places), {}, std::move(plan.parents_after)};
    note_parents(prepared, places);
    places.reset();
    return prepared;
}

} // namespace disco::merge
