#include "runner/merge/left_staging.hpp"

#include "runner/merge/journal_lines.hpp"
#include "runner/merge/staging_directory.hpp"
#include "runner/merge/undo_steps.hpp"
#include "runner/sys/durable_files.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <unistd.h>

#include <spdlog/spdlog.h>

namespace disco::merge {
namespace {

using nlohmann::json;

std::string line_of(const JournalTree& tree) {
    return json{{"live", to_json(tree.live.native())},
                {"staging", tree.staging},
                {"inode", tree.staging_inode}}
               .dump() +
           "\n";
}

/// Nothing for a line that is none: what a person has written there is no reason to stop.
std::optional<JournalTree> tree_of(const std::string& line) {
    const json value = json::parse(line, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    try {
        JournalTree tree;
        tree.live = bytes_of(value.at("live"));
        tree.staging = value.at("staging");
        tree.staging_inode = value.at("inode");
        return tree;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

/// False: it is to be tried again.
bool remove_one(const JournalTree& tree) {
    const sys::UniqueFd top = sys::try_open_real_directory(tree.live);
    if (!top) return false; // its file system may be mounted later
    const std::filesystem::path shown = tree.live / tree.staging;
    const auto found = StagingDirectory::find(top.get(), tree.staging, tree.staging_inode,
                                              StagingDirectory::Content::any, shown);
    // Under another name it may by now be another directory of root's that got the inode.
    if (!found || found->name() != tree.staging) return true;
    const KeepTimes keep{top.get(), tree.live};
    return found->remove(top.get());
}

} // namespace

void note_left_staging(const std::filesystem::path& file, const JournalTree& tree) {
    const std::string line = line_of(tree), text = sys::read_file_if_exists(file).value_or("");
    if (text.find(line) == std::string::npos) sys::write_file_durably(file, text + line, 0600);
}

void remove_left_staging(const std::filesystem::path& file) {
    if (!sys::stat_path(file)) return; // nearly always
    const auto text = sys::read_file_if_exists(file);
    if (!text) return;
    std::string left;
    for (std::size_t at = 0; at < text->size();) {
        const std::size_t end = std::min(text->find('\n', at), text->size());
        const auto tree = tree_of(text->substr(at, end - at));
        at = end + 1;
        if (!tree) continue;
        try {
            if (!remove_one(*tree)) left += line_of(*tree);
        } catch (const sys::Interrupted&) {
            throw;
        } catch (const sys::Error& error) {
            left += line_of(*tree);
            spdlog::warn(
                "'{}' of an earlier run holds nothing that is needed any more, and cannot be removed "
                "yet: {}",
                (tree->live / tree->staging).string(), error.full_text());
        }
    }
    if (left == *text) return;
    if (!left.empty()) return sys::write_file_durably(file, left, 0600);
    sys::check(::unlink(file.c_str()), "remove", file);
}

} // namespace disco::merge
