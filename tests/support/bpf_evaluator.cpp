#include "tests/support/bpf_evaluator.hpp"

#include <cstring>
#include <stdexcept>

namespace disco::tests {

// Classic BPF as seccomp(2) admits it.
std::uint32_t evaluate(const std::vector<sock_filter>& program, const seccomp_data& data) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(&data);
    std::uint32_t accumulator = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const sock_filter& step = program[at];
        const auto jump = [&](bool taken) { at += taken ? step.jt : step.jf; };
        switch (step.code) {
        case BPF_LD | BPF_W | BPF_ABS: std::memcpy(&accumulator, bytes + step.k, sizeof accumulator); break;
        case BPF_ALU | BPF_AND | BPF_K: accumulator &= step.k; break;
        case BPF_JMP | BPF_JA: at += step.k; break;
        case BPF_JMP | BPF_JEQ | BPF_K: jump(accumulator == step.k); break;
        case BPF_JMP | BPF_JGT | BPF_K: jump(accumulator > step.k); break;
        case BPF_JMP | BPF_JGE | BPF_K: jump(accumulator >= step.k); break;
        case BPF_JMP | BPF_JSET | BPF_K: jump((accumulator & step.k) != 0); break;
        case BPF_RET | BPF_K: return step.k;
        default: throw std::logic_error{"an instruction that this evaluator does not know"};
        }
    }
    throw std::logic_error{"the program does not return"};
}

} // namespace disco::tests
