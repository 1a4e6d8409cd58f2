#include "tests/support/call_answer.hpp"

#include "tests/support/bpf_evaluator.hpp"

#include <algorithm>
#include <stdexcept>

namespace disco::tests {
namespace {

seccomp_data call_of(std::uint32_t audit_arch, std::uint32_t number,
                     const std::vector<std::uint64_t>& arguments) {
    seccomp_data data = {};
    data.arch = audit_arch;
    data.nr = static_cast<int>(number);
    std::copy(arguments.begin(), arguments.end(), data.args);
    return data;
}

} // namespace

int answer_under(const policy::Confinement& sandbox, const policy::Confinement& program,
                 std::uint32_t audit_arch, std::uint32_t number,
                 const std::vector<std::uint64_t>& arguments) {
    const seccomp_data data = call_of(audit_arch, number, arguments);
    // The stricter one counts; of two errors, that of the program loaded last (seccomp(2)).
    for (const auto* filter : {&program.calls, &sandbox.calls}) {
        const std::uint32_t verdict = evaluate(*filter, data);
        if (verdict == SECCOMP_RET_ALLOW) continue;
        if (verdict == SECCOMP_RET_USER_NOTIF) return reported;
        if ((verdict & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO)
            throw std::logic_error{"neither allowed nor refused"};
        return static_cast<int>(verdict & SECCOMP_RET_DATA);
    }
    return allowed;
}

bool pid1_may(const policy::Confinement& sandbox, std::uint32_t audit_arch, std::uint32_t number) {
    return evaluate(sandbox.calls, call_of(audit_arch, number, {})) == SECCOMP_RET_ALLOW;
}

} // namespace disco::tests
