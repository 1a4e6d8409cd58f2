#include "runner/merge/originals_home.hpp"

#include "runner/merge/copy_check.hpp"
#include "runner/merge/object_copy.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>

namespace disco::merge {
namespace {

/// For the leases on all files together. Who needs a lease for his work gives it up in less; a signal cannot
/// end the wait here.
constexpr std::chrono::seconds patience{5};

std::vector<LostOriginal> copy_all(int from, const std::filesystem::path& shown, int to,
                                   const std::filesystem::path& kept) {
    const auto entries = sys::list_directory(from, shown);
    CopyCheck room;
    std::vector<std::uint64_t> names;
    for (const sys::DirectoryEntry& entry : entries) {
        const std::uint64_t before = room.names();
        room.add(from, entry.name, entry.name);
        names.push_back(room.names() - before);
    }
    room.check_room(to, kept);
    std::vector<LostOriginal> not_kept;
    constexpr std::size_t most = 1000; // lines: whoever keeps one from being copied may do so with many
    ObjectCopy copier{to};
    copier.leave_out(
        [&](const std::string& path, const sys::Error& why) {
            if (not_kept.size() < most || path.find('/') == std::string::npos)
                not_kept.push_back({path, why.full_text()});
        },
        sys::LeasePatience{patience});
    for (std::size_t i = 0; i < entries.size(); ++i) {
        constexpr std::uint64_t some = 10'000;
        copier.stop_after(2 * names[i] + some);
        copier.copy(from, entries[i].name, entries[i].name);
    }
    return not_kept;
}

} // namespace

std::vector<LostOriginal> copy_home(const StagingDirectory& staging, const std::filesystem::path& shown,
                                    const std::filesystem::path& fresh) {
    sys::remove_tree(fresh);
    try {
        sys::make_directories(fresh, 0700);
        auto not_kept =
            copy_all(staging.directory(), shown, sys::open_directory(fresh).get(), fresh.parent_path());
        sys::sync_file_system_of(fresh);
        return not_kept;
    } catch (const sys::SysError& error) {
        if (error.code() != ENOSPC && error.code() != EDQUOT) throw;
        sys::remove_tree(fresh);
        throw NoRoom{error.full_text()};
    }
}

bool are_not_home(const model::PreparedPlan& plan, bool left_out, const std::filesystem::path& kept) {
    const bool replaces =
        std::any_of(plan.live.begin(), plan.live.end(),
                    [](const model::PreparedStep& step) { return model::staged_original(step) != nullptr; });
    return replaces && !left_out && sys::list_directory(sys::open_directory(kept).get(), kept).empty();
}

} // namespace disco::merge
