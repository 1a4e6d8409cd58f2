#pragma once

#include "runner/merge/journal.hpp"
#include "runner/merge/prepared_tree.hpp"
#include "runner/sys/metadata.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include <sys/stat.h>

namespace disco::merge {

/// Takes the live steps of all trees, one by one, and can take them back. Undo is the destructor unless
/// `commit` was called.
class Transaction {
public:
    Transaction(std::deque<PreparedTree>& trees, Journal& journal, const timespec& dance_started)
        : trees_{trees}, journal_{journal}, started_{dance_started} {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    /// All steps, in order. Throws sys::Error that names the step.
    void apply();
    void commit() noexcept { done_.clear(); }
    /// Takes back what was done, last first. What could not be taken back, a line each with the reason.
    [[nodiscard]] std::string undo();

private:
    struct OldMetadata {
        struct stat status = {};
        sys::Xattrs xattrs;
    };
    struct Done {
        std::size_t tree, step;
        OldMetadata old; ///< of SetMetadata
    };
    void take(PreparedTree& tree, const model::PutNew& step);
    void take(PreparedTree& tree, const model::Exchange& step);
    void take(PreparedTree& tree, const model::Remove& step);
    void take(PreparedTree& tree, const model::SetMetadata& step);
    static void take_back(PreparedTree& tree, const model::PutNew& step, const OldMetadata& old);
    static void take_back(PreparedTree& tree, const model::Exchange& step, const OldMetadata& old);
    static void take_back(PreparedTree& tree, const model::Remove& step, const OldMetadata& old);
    static void take_back(PreparedTree& tree, const model::SetMetadata& step, const OldMetadata& old);

    std::deque<PreparedTree>& trees_;
    Journal& journal_;
    const timespec& started_;
    std::vector<Done> done_;
};

} // namespace disco::merge
