#include "tests/support/disjoint_rules.hpp"

#include <optional>
#include <set>

namespace disco::tests {
namespace {

using ArgumentRule = policy::CallVerdict::ArgumentRule;
using Test = ArgumentRule::Test;

std::optional<Bits> common(const Bits& a, const Bits& b) {
    if ((a.mask & b.mask & (a.value ^ b.value)) != 0) return std::nullopt;
    return Bits{a.mask | b.mask, a.value | b.value};
}

/// The values of `all` that are not among `taken`, in parts without common values: in each another bit is the
/// first that differs.
std::vector<Bits> without(const Bits& all, const Bits& taken) {
    if (!common(all, taken)) return {all};
    std::vector<Bits> parts;
    Bits agreeing = all;
    for (std::uint64_t bit = 1; bit != 0; bit <<= 1) {
        if ((taken.mask & ~all.mask & bit) == 0) continue;
        agreeing.mask |= bit;
        parts.push_back({agreeing.mask, agreeing.value | (~taken.value & bit)});
        agreeing.value |= taken.value & bit;
    }
    return parts;
}

struct Sides {
    std::vector<Bits> passing, failing;
};

Sides sides_of(const ArgumentRule& unless) {
    const unsigned shift = unless.half == ArgumentRule::Half::high ? 32 : 0;
    const auto exactly = [&](std::uint32_t value) {
        return Bits{std::uint64_t{0xffffffff} << shift, std::uint64_t{value} << shift};
    };
    Sides sides;
    switch (unless.test) {
    case Test::equals_any:
        sides.failing = {Bits{}};
        for (const std::uint32_t value :
             std::set<std::uint32_t>{unless.values.begin(), unless.values.end()}) {
            sides.passing.push_back(exactly(value));
            std::vector<Bits> left;
            for (const Bits& part : sides.failing)
                for (const Bits& piece : without(part, exactly(value))) left.push_back(piece);
            sides.failing = std::move(left);
        }
        break;
    case Test::has_any_bit: {
        std::uint64_t bits = 0;
        for (const std::uint32_t value : unless.values) bits |= std::uint64_t{value} << shift;
        sides.failing = {Bits{bits, 0}};
        sides.passing = without(Bits{}, sides.failing.front());
        break;
    }
    case Test::differs:
        sides.failing = {exactly(unless.values.at(0))};
        sides.passing = without(Bits{}, sides.failing.front());
        break;
    }
    return sides;
}

using Arguments = std::map<unsigned, Bits>;

/// Those of `calls` whose argument is among `parts`.
std::vector<Arguments> those_with(const std::vector<Arguments>& calls, unsigned argument,
                                  const std::vector<Bits>& parts) {
    std::vector<Arguments> found;
    for (const Arguments& call : calls)
        for (const Bits& part : parts) {
            const auto known = call.find(argument);
            const auto both = common(known == call.end() ? Bits{} : known->second, part);
            if (!both) continue;
            found.push_back(call);
            found.back()[argument] = *both;
        }
    return found;
}

} // namespace

std::vector<DisjointRule> disjoint_rules(const policy::CallVerdict& verdict) {
    std::vector<DisjointRule> rules;
    std::vector<Arguments> left = {Arguments{}};
    for (const ArgumentRule& unless : verdict.unless) {
        const Sides sides = sides_of(unless);
        if (unless.verdict != verdict.verdict)
            for (Arguments& call : those_with(left, unless.argument, sides.passing))
                rules.push_back({unless.verdict, std::move(call)});
        left = those_with(left, unless.argument, sides.failing);
    }
    return rules;
}

std::vector<std::uint64_t> telling_values(const policy::CallVerdict& verdict, unsigned argument) {
    std::set<std::uint32_t> halves[2] = {{0, 0xffffffff}, {0, 0xffffffff}}; // low, high
    for (const ArgumentRule& unless : verdict.unless) {
        if (unless.argument != argument) continue;
        auto& half = halves[static_cast<std::uint32_t>(unless.half)];
        for (const std::uint32_t value : unless.values) {
            half.insert({value, value - 1, value + 1, value ^ 0x80000000, ~value});
            if (unless.test == Test::has_any_bit)
                for (std::uint32_t bit = 1; bit != 0; bit <<= 1) half.insert(value & bit);
        }
    }
    std::vector<std::uint64_t> values;
    for (const std::uint64_t high : halves[1])
        for (const std::uint64_t low : halves[0]) values.push_back(high << 32 | low);
    return values;
}

} // namespace disco::tests
