// The programs that disco's compiler makes of a plan, against those that libseccomp makes of it: both must
// give the same answer to every number, of every ABI, with arguments that pass each test and that just fail
// it.

#include "policy/libseccomp_table.hpp"
#include "policy/policy_store.hpp"
#include "policy/query_calls.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/unique_fd.hpp"
#include "tests/support/bpf_evaluator.hpp"
#include "tests/support/build_tree.hpp"
#include "tests/support/disjoint_rules.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <linux/audit.h>
#include <sys/mman.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <seccomp.h>

namespace disco::policy {
namespace {

using Program = std::vector<sock_filter>;
constexpr std::uint32_t x32 = 0x40000000; // __X32_SYSCALL_BIT

void must(int result, const std::string& what) {
    if (result != 0) throw std::runtime_error{fmt::format("libseccomp: {}: error {}", what, -result)};
}

/// A filter of libseccomp's for one ABI, or for several after `take_in`.
class Filter {
public:
    Filter(std::uint32_t token, std::uint32_t otherwise) {
        must(seccomp_api_set(5), "know notifications"); // whether the running kernel does is no matter
        context_ = seccomp_init(otherwise);
        if (context_ == nullptr) throw std::runtime_error{"libseccomp: it takes no such verdict"};
        must(seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, on_other_abis), "verdict on other ABIs");
        if (token == seccomp_arch_native()) return;
        must(seccomp_arch_add(context_, token), "add the ABI");
        must(seccomp_arch_remove(context_, seccomp_arch_native()), "remove the native ABI");
    }
    Filter(Filter&& other) noexcept : context_{std::exchange(other.context_, nullptr)} {}
    Filter& operator=(Filter&&) = delete;
    ~Filter() { seccomp_release(context_); }

    void add(std::uint32_t verdict, int call, const std::map<unsigned, tests::Bits>& arguments = {}) {
        std::vector<scmp_arg_cmp> comparisons;
        for (const auto& [argument, bits] : arguments)
            comparisons.push_back({argument, SCMP_CMP_MASKED_EQ, bits.mask, bits.value});
        must(seccomp_rule_add_exact_array(context_, verdict, call, static_cast<unsigned>(comparisons.size()),
                                          comparisons.data()),
             fmt::format("add a rule for call {}", call));
    }
    void take_in(Filter&& other) {
        must(seccomp_merge(context_, std::exchange(other.context_, nullptr)), "merge");
    }
    [[nodiscard]] Program program() const {
        const sys::UniqueFd file{::memfd_create("filter", MFD_CLOEXEC)};
        sys::check(file.get(), "make a file in memory");
        must(seccomp_export_bpf(context_, file.get()), "export");
        const std::string bytes = sys::read_file(fmt::format("/proc/self/fd/{}", file.get()));
        Program program(bytes.size() / sizeof(sock_filter));
        std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(program.data()));
        return program;
    }

private:
    scmp_filter_ctx context_ = nullptr;
};

std::uint32_t token_of(std::uint32_t audit_arch) {
    switch (audit_arch) {
    case AUDIT_ARCH_X86_64: return SCMP_ARCH_X86_64;
    case AUDIT_ARCH_I386: return SCMP_ARCH_X86;
    case AUDIT_ARCH_AARCH64: return SCMP_ARCH_AARCH64;
    case AUDIT_ARCH_ARM: return SCMP_ARCH_ARM;
    default: throw std::logic_error{"an ABI that disco has no programs for"};
    }
}

bool is_wide(std::uint32_t audit_arch) { return (audit_arch & __AUDIT_ARCH_64BIT) != 0; }

/// What libseccomp answers. It takes one default for all calls, and of rules that overlap none comes first: a
/// call whose arguments decide has a filter of its own here, with rules that do not overlap.
///
/// Calls that i386 also reaches by socketcall(2) and ipc(2) are ruled by libseccomp in both ways at once, and
/// exactly only without arguments. They are asked for by their numbers alone, as if those were native ones.
class Expected {
public:
    Expected(const std::vector<AbiCalls>& plan, const CallTable& table) : whole_{whole(plan, table)} {
        for (const AbiCalls& abi : plan)
            for (const auto& [number, verdict] : abi.calls) {
                const std::string name = table.name_of(abi.audit_arch, number);
                const bool shared = is_shared(abi.audit_arch, name);
                if (!shared && verdict.unless.empty()) continue;
                Filter filter{shared ? seccomp_arch_native() : token_of(abi.audit_arch), verdict.verdict};
                const int call = shared ? static_cast<int>(number) : native_name(name);
                for (tests::DisjointRule& rule : tests::disjoint_rules(verdict))
                    if (is_wide(abi.audit_arch) || narrow(rule))
                        filter.add(rule.verdict, call, rule.arguments);
                own_.emplace(std::pair{abi.audit_arch, number},
                             Own{filter.program(), shared ? native_audit_arch : abi.audit_arch});
            }
    }

    [[nodiscard]] std::uint32_t answer(seccomp_data data) const {
        const auto own = own_.find({data.arch, static_cast<std::uint32_t>(data.nr)});
        if (own == own_.end()) return tests::evaluate(whole_, data);
        data.arch = own->second.audit_arch;
        return tests::evaluate(own->second.program, data);
    }

private:
    struct Own {
        Program program;
        std::uint32_t audit_arch = 0;
    };
    static constexpr std::uint32_t native_audit_arch =
        native_architecture == Architecture::x86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;

    static bool is_shared(std::uint32_t audit_arch, const std::string& name) {
        const int number = seccomp_syscall_resolve_name_arch(token_of(audit_arch), name.c_str());
        return number <= -100 && number > -10000;
    }
    /// libseccomp takes calls by their native numbers, or by numbers of its own for calls that have none.
    static int native_name(const std::string& name) {
        const int number = seccomp_syscall_resolve_name(name.c_str());
        if (number == __NR_SCMP_ERROR) throw std::logic_error{"no call has the name " + name};
        return number;
    }
    /// Arguments of 32-bit programs have no high half. False for a rule that wants a bit of it.
    static bool narrow(tests::DisjointRule& rule) {
        constexpr std::uint64_t low = 0xffffffff;
        for (auto at = rule.arguments.begin(); at != rule.arguments.end();) {
            if ((at->second.value & ~low) != 0) return false;
            at->second.mask &= low;
            at = at->second.mask == 0 ? rule.arguments.erase(at) : std::next(at);
        }
        return true;
    }
    static Program whole(const std::vector<AbiCalls>& plan, const CallTable& table) {
        std::vector<Filter> filters;
        for (const AbiCalls& abi : plan) {
            Filter& filter = filters.emplace_back(token_of(abi.audit_arch), abi.otherwise);
            for (const auto& [number, verdict] : abi.calls) {
                const std::string name = table.name_of(abi.audit_arch, number);
                if (verdict.unless.empty() && verdict.verdict != abi.otherwise &&
                    !is_shared(abi.audit_arch, name))
                    filter.add(verdict.verdict, native_name(name));
            }
            // Beyond x86-64's numbers are those of x32, for libseccomp another ABI.
            if (abi.audit_arch == AUDIT_ARCH_X86_64 && !abi.beyond)
                filters.emplace_back(std::uint32_t{SCMP_ARCH_X32}, abi.otherwise);
        }
        for (std::size_t i = 1; i < filters.size(); ++i) filters[0].take_in(std::move(filters[i]));
        return filters.at(0).program();
    }

    Program whole_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, Own> own_; ///< by AUDIT_ARCH_… and number
};

/// Calls `use` with arguments that tell verdicts apart; the first ones vary fastest.
void for_each_arguments(const CallVerdict& verdict, bool wide,
                        const std::function<void(const std::array<std::uint64_t, 6>&)>& use) {
    std::set<unsigned> decisive;
    for (const auto& unless : verdict.unless) decisive.insert(unless.argument);
    const std::uint64_t all = wide ? ~std::uint64_t{0} : 0xffffffff;
    for (const std::uint64_t rest : {std::uint64_t{0}, all}) { // what the other arguments are does not count
        std::vector<std::array<std::uint64_t, 6>> calls(1);
        calls[0].fill(rest);
        for (const unsigned argument : decisive) {
            std::vector<std::array<std::uint64_t, 6>> more;
            for (const std::uint64_t value : tests::telling_values(verdict, argument))
                for (auto call : calls) {
                    if (value > all) continue;
                    call.at(argument) = value;
                    more.push_back(call);
                }
            calls = std::move(more);
        }
        std::for_each(calls.begin(), calls.end(), use);
    }
}

/// All from 0 on, those of x32, those round every listed one, and the highest ones but for ~0, see below.
std::set<std::uint32_t> numbers_around(const AbiCalls& abi) {
    std::set<std::uint32_t> numbers = {x32 - 1, 0x7fffffff, 0x80000000, 0xfffffffe};
    for (std::uint32_t number = 0; number < 700; ++number) numbers.insert({number, x32 + number});
    for (const auto& [number, verdict] : abi.calls)
        for (std::uint32_t near = std::max(number, 2U) - 2; near < number + 20; ++near) numbers.insert(near);
    return numbers;
}

/// Compares both programs of a plan, and says how many calls with arguments that decide it has tried.
void compare(const std::vector<AbiCalls>& plan, const CallTable& table, std::size_t least) {
    const Program ours = compile_calls(plan, on_other_abis);
    const Expected theirs{plan, table};
    std::vector<std::string> differing;
    std::size_t with_arguments = 0;
    const auto try_call = [&](std::uint32_t arch, std::uint32_t number,
                              const std::array<std::uint64_t, 6>& arguments) {
        seccomp_data data = {};
        data.arch = arch;
        data.nr = static_cast<int>(number);
        std::copy(arguments.begin(), arguments.end(), data.args);
        const std::uint32_t answer = tests::evaluate(ours, data), expected = theirs.answer(data);
        if (answer != expected && differing.size() < 10)
            differing.push_back(fmt::format("ABI {:x}, call {} ({}), arguments {:x}: {:x}, libseccomp: {:x}",
                                            arch, number, table.name_of(arch, number),
                                            fmt::join(arguments, " "), answer, expected));
    };
    for (const AbiCalls& abi : plan) {
        const std::set<std::uint32_t> numbers = numbers_around(abi);
        for (const std::uint32_t number : numbers) {
            const auto found = abi.calls.find(number);
            const CallVerdict verdict = found == abi.calls.end() ? CallVerdict{} : found->second;
            for_each_arguments(verdict, is_wide(abi.audit_arch), [&](const auto& arguments) {
                with_arguments += verdict.unless.empty() ? 0 : 1;
                try_call(abi.audit_arch, number, arguments);
            });
        }
    }
    for (const std::uint32_t arch :
         {std::uint32_t{AUDIT_ARCH_X86_64}, std::uint32_t{AUDIT_ARCH_I386}, std::uint32_t{AUDIT_ARCH_AARCH64},
          std::uint32_t{AUDIT_ARCH_ARM}, std::uint32_t{AUDIT_ARCH_RISCV64}, 0U, ~0U})
        if (std::none_of(plan.begin(), plan.end(),
                         [&](const AbiCalls& abi) { return abi.audit_arch == arch; }))
            for (std::uint32_t number = 0; number < 600; ++number) try_call(arch, number, {});
    EXPECT_THAT(differing, testing::IsEmpty());
    EXPECT_GE(with_arguments, least);
}

struct Policy {
    CallTable table;
    Profiles profiles;
};

const Policy& shipped(Architecture architecture) {
    const auto read = [](Architecture which) {
        Policy policy{libseccomp_call_table(which), {}};
        policy.profiles = read_profiles(
            [](const std::string& name) -> ProfileText {
                const auto file = tests::source_tree() / "policy/profiles" / (name + ".json");
                return {sys::read_file(file), file.string()};
            },
            policy.table);
        return policy;
    };
    static const Policy x86 = read(Architecture::x86_64), arm = read(Architecture::aarch64);
    return architecture == Architecture::x86_64 ? x86 : arm;
}

class LibseccompEquality : public testing::TestWithParam<Architecture> {
protected:
    [[nodiscard]] static const Policy& policy() { return shipped(GetParam()); }
};

TEST_P(LibseccompEquality, OfTheSandboxsFilter) {
    compare(plan_sandbox_filter(policy().profiles, policy().table), policy().table, 1000);
}

// Who traces a program skips a call by this number. libseccomp gives it the default on x86-64, where it is
// one of x32 for disco; tracing is refused in a sandbox, and so is the call either way.
TEST(LibseccompDifference, IsTheNumberOfNoCall) {
    const Policy& policy = shipped(Architecture::x86_64);
    const auto plan = plan_sandbox_filter(policy.profiles, policy.table);
    seccomp_data data = {};
    data.arch = AUDIT_ARCH_X86_64;
    data.nr = -1;
    EXPECT_EQ(tests::evaluate(compile_calls(plan, on_other_abis), data), SECCOMP_RET_ERRNO | EPERM);
    EXPECT_EQ(Expected(plan, policy.table).answer(data), SECCOMP_RET_ERRNO | ENOSYS);
}

TEST_P(LibseccompEquality, OfEveryProfilesFilter) {
    for (const model::Profile profile : all_profiles) {
        SCOPED_TRACE(model::to_string(profile));
        compare(plan_program_filter(profile, policy().profiles, policy().table), policy().table,
                profile == model::Profile::template_ ? 0 : 50); // of devices, which templates cannot make
    }
}

TEST_P(LibseccompEquality, OfEveryQuestionsFilter) {
    const ProfilePolicy& live = policy().profiles.at(model::Profile::live);
    for (const unsigned reach : {0U, 1U, 2U, 3U, 4U, 8U, 15U}) {
        SCOPED_TRACE(reach);
        const QueryReach reaches{(reach & 1) != 0, (reach & 2) != 0, (reach & 4) != 0, (reach & 8) != 0};
        compare(plan_query_filter(live, policy().table, reaches), policy().table, 1000);
    }
}

TEST_P(LibseccompEquality, OfAnActionsFilter) {
    const ProfilePolicy& live = policy().profiles.at(model::Profile::live);
    compare(plan_action_filter(live, policy().table), policy().table, 1000);
}

INSTANTIATE_TEST_SUITE_P(Seccomp, LibseccompEquality,
                         testing::Values(Architecture::x86_64, Architecture::aarch64), [](const auto& row) {
                             return row.param == Architecture::x86_64 ? std::string{"X86"}
                                                                      : std::string{"Arm64"};
                         });

} // namespace
} // namespace disco::policy
