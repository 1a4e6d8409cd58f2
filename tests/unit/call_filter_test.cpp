// The compiler of call filters, against a plain look-up of every number.

#include "policy/call_filter.hpp"
#include "runner/sys/error.hpp"
#include "tests/support/bpf_evaluator.hpp"

#include <random>

#include <cerrno>

#include <gmock/gmock.h>

namespace disco::policy {
namespace {

constexpr std::uint32_t arch = 0xC000003E, other_arch = 0x40000003, third_arch = 0xC00000B7;
using ArgumentRule = CallVerdict::ArgumentRule;

constexpr std::uint32_t refused = SECCOMP_RET_ERRNO | EPERM, unknown = SECCOMP_RET_ERRNO | ENOSYS;

std::uint32_t answer(const std::vector<sock_filter>& program, std::uint32_t abi, std::uint32_t number,
                     std::uint64_t argument = 0) {
    seccomp_data data = {};
    data.arch = abi;
    data.nr = static_cast<int>(number);
    data.args[0] = argument;
    return tests::evaluate(program, data);
}

std::uint32_t looked_up(const AbiCalls& abi, std::uint32_t number) {
    if (abi.beyond && number >= abi.beyond->first) return abi.beyond->second;
    const auto found = abi.calls.find(number);
    return found == abi.calls.end() ? abi.otherwise : found->second.verdict;
}

AbiCalls random_calls(std::mt19937& random, std::uint32_t audit_arch) {
    AbiCalls abi{.audit_arch = audit_arch, .calls = {}, .otherwise = unknown};
    const auto numbers = static_cast<unsigned>(random() % 500),
               listed = static_cast<unsigned>(1 + random() % 100);
    for (unsigned number = 0; number < numbers; ++number)
        if (random() % 100 < listed)
            abi.calls[number] = {random() % 4 == 0 ? refused : std::uint32_t{SECCOMP_RET_ALLOW}};
    return abi;
}

class RandomCalls : public testing::TestWithParam<unsigned> {};

TEST_P(RandomCalls, AreAnsweredAsTheListSays) {
    std::mt19937 random{GetParam()};
    std::vector<AbiCalls> abis = {random_calls(random, arch), random_calls(random, other_arch)};
    abis[0].beyond = {0x40000000U, refused};
    const auto program = compile_calls(abis, refused);
    for (const AbiCalls& abi : abis)
        for (std::uint32_t number = 0; number < 600; ++number)
            ASSERT_EQ(answer(program, abi.audit_arch, number), looked_up(abi, number)) << number;
    for (const std::uint32_t number : {0x3fffffffU, 0x40000000U, 0x40000001U, 0x7fffffffU, 0xffffffffU})
        for (const AbiCalls& abi : abis)
            EXPECT_EQ(answer(program, abi.audit_arch, number), looked_up(abi, number)) << number;
    EXPECT_EQ(answer(program, third_arch, 0), refused);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomCalls, testing::Range(0U, 50U));

TEST(CallFilter, AcceptsListedArguments) {
    AbiCalls abi{.audit_arch = arch, .calls = {}, .otherwise = unknown};
    abi.calls[7] = {refused,
                    {ArgumentRule{0, ArgumentRule::Test::equals_any, {0, 8, 0xffffffff}, SECCOMP_RET_ALLOW}}};
    const auto program = compile_calls({abi}, refused);
    for (const std::uint64_t value : {0ULL, 8ULL, 0xffffffffULL, 8ULL + (1ULL << 32)}) // an int: the low half
        EXPECT_EQ(answer(program, arch, 7, value), SECCOMP_RET_ALLOW) << value;
    for (const std::uint64_t value : {1ULL, 7ULL, 9ULL, 0xfffffffeULL})
        EXPECT_EQ(answer(program, arch, 7, value), refused) << value;
    EXPECT_EQ(answer(program, arch, 6), unknown);
    EXPECT_EQ(answer(program, arch, 8), unknown);
}

TEST(CallFilter, LooksAtBothHalvesOfAPointerOfOneKindOfCall) {
    AbiCalls abi{.audit_arch = arch, .calls = {}, .otherwise = unknown};
    abi.calls[7] = {
        SECCOMP_RET_ALLOW,
        {ArgumentRule{0, ArgumentRule::Test::differs, {4}, SECCOMP_RET_ALLOW},
         ArgumentRule{1, ArgumentRule::Test::has_any_bit, {0xffffffff}, refused},
         ArgumentRule{1, ArgumentRule::Test::has_any_bit, {0xffffffff}, refused, ArgumentRule::Half::high}}};
    const auto program = compile_calls({abi}, refused);
    const auto with = [&](std::uint64_t kind, std::uint64_t pointer) {
        seccomp_data data = {};
        data.arch = arch;
        data.nr = 7;
        data.args[0] = kind;
        data.args[1] = pointer;
        return tests::evaluate(program, data);
    };
    EXPECT_EQ(with(4, 0), SECCOMP_RET_ALLOW);
    EXPECT_EQ(with(3, 0x7fff0000), SECCOMP_RET_ALLOW);
    for (const std::uint64_t pointer : {1ULL, 0x7fff0000ULL, 1ULL << 32, 0x7fff00000000ULL})
        EXPECT_EQ(with(4, pointer), refused) << pointer;
}

TEST(CallFilter, LooksForBitsInTheArgumentThatCounts) {
    AbiCalls abi{.audit_arch = arch, .calls = {}, .otherwise = unknown};
    abi.calls[7] = {SECCOMP_RET_ALLOW, {ArgumentRule{1, ArgumentRule::Test::has_any_bit, {0x6}, refused}}};
    const auto program = compile_calls({abi}, refused);
    const auto with = [&](std::uint64_t first, std::uint64_t second) {
        seccomp_data data = {};
        data.arch = arch;
        data.nr = 7;
        data.args[0] = first;
        data.args[1] = second;
        return tests::evaluate(program, data);
    };
    EXPECT_EQ(with(0x6, 0x9), SECCOMP_RET_ALLOW);
    EXPECT_EQ(with(0, 0x2), refused);
    EXPECT_EQ(with(0, 0x4 | (1ULL << 32)), refused);
    EXPECT_EQ(with(0, 6ULL << 32), SECCOMP_RET_ALLOW);
}

TEST(CallFilter, OfNothingAnswersForEverything) {
    const AbiCalls abi{.audit_arch = arch, .calls = {}, .otherwise = unknown};
    EXPECT_EQ(answer(compile_calls({abi}, refused), arch, 0), unknown);
    EXPECT_EQ(answer(compile_calls({abi}, refused), other_arch, 0), refused);
}

TEST(CallFilter, IsShortWhereCallsHaveNeighbours) {
    AbiCalls abi{.audit_arch = arch, .calls = {}, .otherwise = unknown};
    for (std::uint32_t number = 0; number < 300; ++number) abi.calls[number] = {SECCOMP_RET_ALLOW};
    EXPECT_LT(compile_calls({abi}, refused).size(), 10U);
}

TEST(CallFilter, RefusesWhatNoJumpReaches) {
    AbiCalls abi{.audit_arch = arch, .calls = {}, .otherwise = unknown};
    for (std::uint32_t number = 0; number < 3000; number += 2)
        abi.calls[number] = {refused,
                             {ArgumentRule{0, ArgumentRule::Test::equals_any, {1, 2, 3}, SECCOMP_RET_ALLOW}}};
    EXPECT_THROW((void)compile_calls({abi}, refused), sys::Error);
}

} // namespace
} // namespace disco::policy
