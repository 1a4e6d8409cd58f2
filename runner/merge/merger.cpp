#include "runner/merge/merger.hpp"

#include "runner/merge/live_check.hpp"
#include "runner/merge/prepared_tree.hpp"
#include "runner/merge/transaction.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/interrupt.hpp"

#include <deque>
#include <string>

#include <fmt/format.h>

namespace disco::merge {

model::MergeReport merge(const std::vector<TreeToMerge>& trees, const std::filesystem::path& staging,
                         const timespec& dance_started) {
    NoJournal journal;
    return merge(trees, staging, dance_started, journal);
}

model::MergeReport merge(const std::vector<TreeToMerge>& trees, const std::filesystem::path& staging,
                         const timespec& dance_started, Journal& journal) {
    model::MergeReport report;
    std::deque<PreparedTree> prepared; // a transaction keeps references to them
    for (std::size_t i = 0; i < trees.size(); ++i) {
        if (trees[i].composition->empty()) continue;
        prepared.emplace_back(trees[i], staging / std::to_string(i));
        report.steps += prepared.back().plan().live.size();
    }
    const auto look = [&] {
        for (PreparedTree& tree : prepared)
            for (model::Conflict& conflict :
                 find_conflicts(tree.plan(), tree.live(), tree.prefix(), dance_started))
                report.conflicts.push_back(std::move(conflict));
        return report.conflicts.empty();
    };
    if (!look()) return report;
    sys::throw_if_interrupted();
    const sys::UninterruptedSection section;
    for (PreparedTree& tree : prepared) tree.prepare();
    std::vector<const model::MergePlan*> plans;
    plans.reserve(prepared.size());
    for (const PreparedTree& tree : prepared) plans.push_back(&tree.plan());
    journal.begin(plans);
    Transaction transaction{prepared, journal, dance_started};
    try {
        transaction.apply();
    } catch (const sys::Error& error) {
        const std::string left = transaction.undo();
        if (left.empty())
            throw Undone{error.full_text() + "; everything was undone, the live root is as it was"};
        for (PreparedTree& tree : prepared) tree.keep();
        throw UndoFailed{fmt::format("{}; THE LIVE ROOT IS LEFT IN BETWEEN, these could not be put back:{}",
                                     error.full_text(), left)};
    }
    for (const PreparedTree& tree : prepared) tree.sync();
    journal.commit();
    transaction.commit();
    return report;
}

} // namespace disco::merge
