#include "runner/module/delivery.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/real_path.hpp"
#include "runner/sys/sha256.hpp"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::module {
namespace {

struct Place {
    sys::UniqueFd parent;
    std::string name;
};

/// The directory that holds `path`, symlinked directories followed.
Place place_of(int root, const Deliverable& item) {
    const std::filesystem::path path{item.path};
    const std::filesystem::path parent =
        path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
    sys::UniqueFd directory = sys::try_open_in_root(root, parent, O_PATH | O_DIRECTORY);
    if (!directory)
        throw sys::Error{fmt::format("cannot deliver {}: '/{}' is not a directory in the tree",
                                     item.in_module, parent.string())};
    return {std::move(directory), path.filename()};
}

sys::Error blocked(const Deliverable& item, const struct stat& there) {
    return sys::Error{
        fmt::format("cannot deliver {}: '/{}' is a {} in the tree and would have to be removed first",
                    item.in_module, item.path, model::to_string(model::object_type(there.st_mode)))};
}

bool same_bytes(int a, int b) {
    std::array<char, 65536> from_a, from_b;
    for (;;) {
        const ssize_t got_a =
            sys::check(TEMP_FAILURE_RETRY(::read(a, from_a.data(), from_a.size())), "compare");
        std::size_t got_b = 0;
        while (got_b < static_cast<std::size_t>(got_a)) {
            const ssize_t got = sys::check(
                TEMP_FAILURE_RETRY(::read(b, from_b.data() + got_b, static_cast<std::size_t>(got_a) - got_b)),
                "compare");
            if (got == 0) return false;
            got_b += static_cast<std::size_t>(got);
        }
        if (got_a == 0) return true; // the sizes were equal
        if (!std::equal(from_a.data(), from_a.data() + got_a, from_b.data())) return false;
    }
}

void copy_bytes(int from, int to, const std::string& name) {
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t got =
            sys::check(TEMP_FAILURE_RETRY(::read(from, buffer.data(), buffer.size())), "read", name);
        if (got == 0) return;
        sys::write_all(to, {buffer.data(), static_cast<std::size_t>(got)}, name);
    }
}

std::string digest_of(int file, const Deliverable& item) {
    sys::Sha256 sum;
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t got =
            sys::check(TEMP_FAILURE_RETRY(::read(file, buffer.data(), buffer.size())), "read", item.source);
        if (got == 0) break;
        sum.update({buffer.data(), static_cast<std::size_t>(got)});
    }
    sys::check(::lseek(file, 0, SEEK_SET), "read", item.source);
    return sys::hex(sum.finish());
}

/// Says what was delivered when a call fails that knows the last name only.
template <class Work> void delivering(const Deliverable& item, const Work& work) {
    try {
        work();
    } catch (sys::SysError& error) {
        error.add_context("delivering " + item.in_module);
        throw;
    }
}

} // namespace

const model::AttributeRule* Delivery::rule_of(const Deliverable& item) const {
    return model::attribute_rule(rules_, item.path, subject_of(item));
}

Delivery::Demand Delivery::demand(const Deliverable& item) const {
    const model::AttributeRule* rule = rule_of(item);
    if (rule == nullptr) {
        if (item.type != model::ObjectType::file) return {}; // a directory that is there stays as it is
        return {item.mode, 0, 0};
    }
    Demand demand{rule->mode, {}, {}};
    if (rule->owner) {
        demand.uid = owners_.find_user(*rule->owner);
        if (!demand.uid)
            throw sys::Error{fmt::format("attributes line {}: there is no user '{}' in the tree", rule->line,
                                         *rule->owner)};
    }
    if (rule->group) {
        demand.gid = owners_.find_group(*rule->group);
        if (!demand.gid)
            throw sys::Error{fmt::format("attributes line {}: there is no group '{}' in the tree", rule->line,
                                         *rule->group)};
    }
    return demand;
}

Delivery::WantedMetadata Delivery::wanted(const Deliverable& item, const struct stat* existing) const {
    const Demand demanded = demand(item);
    return {demanded.mode.value_or(existing != nullptr ? existing->st_mode & 07777 : item.mode),
            demanded.uid.value_or(existing != nullptr ? existing->st_uid : 0),
            demanded.gid.value_or(existing != nullptr ? existing->st_gid : 0)};
}

/// `content`: its digest or target, worked out only where it is of interest.
template <class Content> void Delivery::note(const Deliverable& item, const Content& content) const {
    if (!shared_.may_contain(item.path)) return;
    const Demand demanded = item.type == model::ObjectType::symlink ? Demand{} : demand(item);
    const std::filesystem::path path{item.path};
    shared_.note(sys::real_directory(root_, path.parent_path()) / path.filename(), module_,
                 {item.in_module, item.type, content(), demanded.mode, demanded.uid, demanded.gid});
}

void Delivery::deliver(const Deliverable& item) const {
    delivering(item, [&] {
        switch (item.type) {
        case model::ObjectType::directory: deliver_directory(item); return;
        case model::ObjectType::symlink: deliver_symlink(item); return;
        default: break;
        }
        const sys::UniqueFd source{::open(item.source.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
        if (!source) throw sys::SysError{errno, "open", item.source};
        note(item, [&] { return digest_of(source.get(), item); });
        deliver_content(item, source.get(), {});
    });
}

void Delivery::deliver_text(const Deliverable& item, std::string_view content) const {
    delivering(item, [&] {
        note(item, [&] { return sys::hex(sys::sha256(content)); });
        deliver_content(item, -1, content);
    });
}

/// An existing directory keeps what it has, unless `attributes` speaks of it, with a slash at the end.
void Delivery::deliver_directory(const Deliverable& item) const {
    note(item, [] { return std::string{}; });
    if (const auto there = sys::try_open_in_root(root_, item.path, O_RDONLY | O_DIRECTORY)) {
        if (rule_of(item) == nullptr) return;
        struct stat status = {};
        sys::check(::fstat(there.get(), &status), "stat", item.path);
        const WantedMetadata want = wanted(item, &status);
        if (status.st_uid != want.uid || status.st_gid != want.gid)
            sys::check(::fchown(there.get(), want.uid, want.gid), "set the owner of", item.path);
        if ((status.st_mode & 07777) != want.mode)
            sys::check(::fchmod(there.get(), want.mode), "set the mode of", item.path);
        return;
    }
    const Place place = place_of(root_, item);
    if (const auto there = sys::stat_at(place.parent.get(), place.name)) throw blocked(item, *there);
    const WantedMetadata want = wanted(item, nullptr);
    sys::check(::mkdirat(place.parent.get(), place.name.c_str(), 0700), "make directory", item.path);
    const sys::UniqueFd made = sys::open_beneath(place.parent.get(), place.name, O_RDONLY | O_DIRECTORY);
    sys::check(::fchown(made.get(), want.uid, want.gid), "set the owner of", item.path);
    sys::check(::fchmod(made.get(), want.mode), "set the mode of", item.path);
}

void Delivery::deliver_symlink(const Deliverable& item) const {
    note(item, [&] { return item.target; });
    const Place place = place_of(root_, item);
    const auto there = sys::stat_at(place.parent.get(), place.name);
    if (there && S_ISDIR(there->st_mode)) throw blocked(item, *there);
    if (there && S_ISLNK(there->st_mode) && sys::read_link_at(place.parent.get(), place.name) == item.target)
        return;
    if (there) sys::check(::unlinkat(place.parent.get(), place.name.c_str(), 0), "replace", item.path);
    sys::check(::symlinkat(item.target.c_str(), place.parent.get(), place.name.c_str()), "make symlink",
               item.path);
}

/// Content from `source`, or from `content` when that is -1. A file that is there is rewritten in place, so
/// that it keeps its extended attributes and security label; the view is nobody else's, so no reader can see
/// it half-written.
void Delivery::deliver_content(const Deliverable& item, int source, std::string_view content) const {
    const Place place = place_of(root_, item);
    const auto there = sys::stat_at(place.parent.get(), place.name);
    if (there && S_ISDIR(there->st_mode)) throw blocked(item, *there);
    const bool rewrite = there && S_ISREG(there->st_mode);
    const WantedMetadata want = wanted(item, rewrite ? &*there : nullptr);
    bool equal = false;
    if (rewrite) {
        const sys::UniqueFd old = sys::open_beneath(place.parent.get(), place.name, O_RDONLY);
        struct stat status = {};
        if (source >= 0) sys::check(::fstat(source, &status), "stat", item.source);
        if (source < 0)
            equal = static_cast<std::size_t>(there->st_size) == content.size() &&
                    sys::read_all(old.get(), item.path) == content;
        else
            equal = there->st_size == status.st_size && same_bytes(source, old.get());
        if (equal && there->st_uid == want.uid && there->st_gid == want.gid &&
            (there->st_mode & 07777) == want.mode)
            return;
    } else if (there) {
        sys::check(::unlinkat(place.parent.get(), place.name.c_str(), 0), "replace", item.path);
    }
    const int flags = rewrite ? (equal ? O_RDONLY : O_WRONLY | O_TRUNC) : O_WRONLY | O_CREAT | O_EXCL;
    const sys::UniqueFd file = sys::open_beneath(place.parent.get(), place.name, flags, rewrite ? 0 : 0600);
    if (!equal && source >= 0) {
        sys::check(::lseek(source, 0, SEEK_SET), "read", item.source);
        copy_bytes(source, file.get(), item.path);
    } else if (!equal) {
        sys::write_all(file.get(), content, item.path);
    }
    if (!rewrite || there->st_uid != want.uid || there->st_gid != want.gid)
        sys::check(::fchown(file.get(), want.uid, want.gid), "set the owner of", item.path);
    sys::check(::fchmod(file.get(), want.mode), "set the mode of",
               item.path); // a write or chown clears set-id bits
}

} // namespace disco::module
