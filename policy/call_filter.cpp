#include "policy/call_filter.hpp"

#include "runner/sys/error.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

#include <linux/seccomp.h>

namespace disco::policy {
namespace {

/// Numbers from `first` up to the next run's.
struct Run {
    std::uint32_t first = 0;
    CallVerdict verdict;
};

std::vector<Run> runs_of(const AbiCalls& abi) {
    std::vector<Run> runs;
    const auto add = [&](std::uint32_t first, const CallVerdict& verdict) {
        if (!runs.empty() && runs.back().first == first) runs.pop_back();
        if (runs.empty() || !(runs.back().verdict == verdict)) runs.push_back({first, verdict});
    };
    add(0, {abi.otherwise});
    for (const auto& [number, verdict] : abi.calls) {
        add(number, verdict);
        add(number + 1, {abi.otherwise}); // the next number in the list takes its place
    }
    if (abi.beyond) add(abi.beyond->first, {abi.beyond->second});
    return runs;
}

/// Writes a program from its end to its beginning, so that every jump, which can only go forward, knows how
/// far.
class BackwardWriter {
public:
    using Place = std::size_t; ///< an instruction, counted from the end

    Place add(std::uint16_t code, std::uint32_t operand) {
        reversed_.push_back({code, 0, 0, operand});
        return reversed_.size() - 1;
    }
    Place add_jump(std::uint16_t code, std::uint32_t operand, Place if_true, Place if_false) {
        reversed_.push_back({code, distance(if_true), distance(if_false), operand});
        return reversed_.size() - 1;
    }
    /// To any distance.
    Place add_far_jump(Place target) {
        return add(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(reversed_.size() - target - 1));
    }
    /// The instruction that is added next is followed by `target`.
    void go_on_at(Place target) {
        if (target + 1 != reversed_.size()) add_far_jump(target);
    }
    /// A return that a jump from the next instruction reaches; an earlier one when there is.
    Place returning(std::uint32_t verdict) {
        for (Place place = reversed_.size(); place-- > 0 && reversed_.size() - place <= reach;)
            if (reversed_[place].code == (BPF_RET | BPF_K) && reversed_[place].k == verdict) return place;
        return add(BPF_RET | BPF_K, verdict);
    }
    std::vector<sock_filter> take() {
        std::reverse(reversed_.begin(), reversed_.end());
        return std::move(reversed_);
    }

private:
    static constexpr std::size_t reach = 200; // less than a jump's 255: a subtree may come in between

    [[nodiscard]] std::uint8_t distance(Place target) const {
        const std::size_t skipped = reversed_.size() - target - 1;
        if (skipped > std::numeric_limits<std::uint8_t>::max())
            throw sys::Error{"a jump of a seccomp program is too far"};
        return static_cast<std::uint8_t>(skipped);
    }

    std::vector<sock_filter> reversed_;
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low half of an argument is its first");

BackwardWriter::Place write_verdict(BackwardWriter& writer, const CallVerdict& verdict) {
    if (verdict.unless.empty()) return writer.returning(verdict.verdict);
    constexpr auto arguments = static_cast<std::uint32_t>(offsetof(seccomp_data, args));
    std::vector<BackwardWriter::Place> passed;
    for (const CallVerdict::ArgumentRule& unless : verdict.unless)
        passed.push_back(writer.returning(unless.verdict));
    auto next = writer.add(BPF_RET | BPF_K, verdict.verdict);
    for (std::size_t i = verdict.unless.size(); i-- > 0;) {
        const CallVerdict::ArgumentRule& unless = verdict.unless[i];
        const bool bits = unless.test == CallVerdict::ArgumentRule::Test::has_any_bit;
        const bool differs = unless.test == CallVerdict::ArgumentRule::Test::differs;
        const auto code = static_cast<std::uint16_t>(BPF_JMP | (bits ? BPF_JSET : BPF_JEQ) | BPF_K);
        for (const std::uint32_t value : unless.values)
            next = writer.add_jump(code, value, differs ? next : passed[i], differs ? passed[i] : next);
        next = writer.add(BPF_LD | BPF_W | BPF_ABS,
                          arguments + unless.argument * static_cast<std::uint32_t>(sizeof(std::uint64_t)) +
                              static_cast<std::uint32_t>(unless.half) *
                                  static_cast<std::uint32_t>(sizeof(std::uint32_t)));
    }
    return next;
}

/// A search tree over runs[first, last).
BackwardWriter::Place write_tree(BackwardWriter& writer, const std::vector<Run>& runs, std::size_t first,
                                 std::size_t last) {
    if (last - first == 1) return write_verdict(writer, runs[first].verdict);
    const std::size_t middle = first + (last - first) / 2;
    const auto right = write_tree(writer, runs, middle, last), left = write_tree(writer, runs, first, middle);
    return writer.add_jump(BPF_JMP | BPF_JGE | BPF_K, runs[middle].first, right, left);
}

} // namespace

std::vector<sock_filter> compile_calls(const std::vector<AbiCalls>& abis, std::uint32_t other_abi) {
    BackwardWriter writer;
    std::vector<BackwardWriter::Place> starts;
    for (const AbiCalls& abi : abis) {
        const std::vector<Run> runs = runs_of(abi);
        writer.go_on_at(write_tree(writer, runs, 0, runs.size()));
        starts.push_back(writer.add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    }
    auto next = writer.add(BPF_RET | BPF_K, other_abi);
    for (std::size_t i = 0; i < abis.size(); ++i) {
        const auto jump = writer.add_far_jump(starts[i]);
        next = writer.add_jump(BPF_JMP | BPF_JEQ | BPF_K, abis[i].audit_arch, jump, next);
    }
    writer.add(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
    return writer.take();
}

} // namespace disco::policy
