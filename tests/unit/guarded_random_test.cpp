// Command lines made at random from the words of the shipped grammars and from hostile ones.

#include "policy/guard_line.hpp"
#include "policy/guarded_commands.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "tests/support/build_tree.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <getopt.h>

#include <gtest/gtest.h>

namespace disco::policy {
namespace {

using Words = std::vector<std::string>;

class RandomLines {
public:
    explicit RandomLines(const GuardGrammars& grammars, std::uint32_t seed)
        : grammars_{grammars}, random_{seed} {}

    Words next() {
        const auto command = std::next(grammars_.begin(), below(grammars_.size()));
        const GuardGrammar& grammar = command->second;
        const GuardScope& scope = grammar.scopes[static_cast<std::size_t>(below(grammar.scopes.size()))];
        Words line = {command->first};
        if (below(2) == 0)
            for (const Words& names : scope.path) line.push_back(one_of(names));
        if (below(2) == 0 && !scope.forms.empty()) {
            const GuardForm& form = scope.forms[static_cast<std::size_t>(below(scope.forms.size()))];
            for (const auto& group : form.required)
                line.push_back(scope.options[group.front().option].name());
            for (const GuardItem& item : form.items)
                line.push_back(item.words.empty() ? "nginx" : one_of(item.words));
        }
        const Words pool = words_of(grammar);
        for (auto more = below(6); more > 0; --more)
            line.insert(std::next(line.begin(), 1 + below(line.size())), one_of(pool));
        return line;
    }

private:
    std::ptrdiff_t below(std::size_t count) { return static_cast<std::ptrdiff_t>(random_() % count); }
    const std::string& one_of(const Words& words) {
        return words[static_cast<std::size_t>(below(words.size()))];
    }

    Words words_of(const GuardGrammar& grammar) {
        Words pool = hostile_;
        for (const GuardScope& scope : grammar.scopes) {
            for (const Words& names : scope.path) pool.insert(pool.end(), names.begin(), names.end());
            for (const GuardOption& option : scope.options)
                for (const std::string& name : option.names) {
                    pool.push_back(name);
                    pool.push_back(name + "=" + one_of(hostile_));
                    pool.push_back(name.substr(0, 1 + static_cast<std::size_t>(below(name.size()))));
                }
            for (const GuardForm& form : scope.forms)
                for (const GuardItem& item : form.items)
                    pool.insert(pool.end(), item.words.begin(), item.words.end());
        }
        return pool;
    }

    const GuardGrammars& grammars_;
    std::mt19937 random_;
    const Words hostile_ = {"",     "-",      "--",    "-x",        "--x",      "a b",    "a;b",     "a\nb",
                            "$(a)", "=>",     "!",     "-9",        "--root=/", "-H",     "5",       "x=y",
                            "/x",   "../x",   "[a]",   "\xff",      "-.mount",  "--help", "restart", "show",
                            "add",  "status", "nginx", "is-active", "INPUT",    "{a}",    "*",       "a|b"};
};

/// What a question is rebuilt to is the same question. Otherwise a word would mean one thing to disco and
/// another to the program.
TEST(RandomCommandLines, AreRebuiltToTheSameQuestion) {
    const GuardedCommands commands = load_guarded_commands(tests::data_directory(), "/nonexistent");
    RandomLines lines{commands.grammars(), 20'261'128};
    int queries = 0;
    for (int i = 0; i < 6000; ++i) {
        const Words line = lines.next();
        const GuardDecision decision = commands.decide(line);
        if (decision.kind != GuardKind::query) continue;
        ++queries;
        const GuardDecision again = commands.decide(decision.query);
        EXPECT_EQ(again.kind, GuardKind::query) << sys::quote_words(line) << "\n" << again.reason;
        EXPECT_EQ(again.query, decision.query) << sys::quote_words(line);
        EXPECT_EQ(again.place, decision.place) << sys::quote_words(line);
    }
    EXPECT_GT(queries, 100);
}

/// What getopt_long(3) makes of a line with the options of a scope: "OPTION=VALUE" each, then the operands.
Words by_getopt(const GuardScope& scope, const Words& line) {
    std::string letters = scope.options_stand == GuardScope::Options::first ? "+:" : ":";
    std::vector<option> longs;
    std::map<int, std::string> canonical;
    for (std::size_t i = 0; i < scope.options.size(); ++i) {
        const GuardOption& each = scope.options[i];
        const int value = each.value == GuardOption::Value::none       ? no_argument
                          : each.value == GuardOption::Value::required ? required_argument
                                                                       : optional_argument;
        const int number = 1000 + static_cast<int>(i);
        canonical[number] = each.name();
        for (const std::string& name : each.names) {
            if (name.size() == 2) {
                letters += name[1] + std::string(static_cast<std::size_t>(value), ':');
                canonical[name[1]] = each.name();
            } else
                longs.push_back({name.c_str() + 2, value, nullptr, number});
        }
    }
    longs.push_back({});
    Words copy = line;
    std::vector<char*> argv;
    for (std::string& word : copy) argv.push_back(word.data());
    argv.push_back(nullptr);
    Words found;
    optind = 0; // again from the beginning
    opterr = optopt = 0;
    const int count = static_cast<int>(line.size());
    for (int got = 0;
         (got = ::getopt_long(count, argv.data(), letters.c_str(), longs.data(), nullptr)) != -1;) {
        if (got == ':' || (got == '?' && optopt != 0) || !canonical.contains(got)) return {"error"};
        optopt = 0;
        found.push_back(canonical.at(got) + (optarg != nullptr ? std::string{"="} + optarg : ""));
    }
    for (int i = optind; i < count; ++i) found.emplace_back(argv[static_cast<std::size_t>(i)]);
    return found;
}

/// What disco parses without an objection, getopt_long(3) parses the same way.
TEST(RandomCommandLines, AreParsedAsGetoptDoes) {
    const GuardedCommands commands = load_guarded_commands(tests::data_directory(), "/nonexistent");
    RandomLines lines{commands.grammars(), 7};
    int compared = 0;
    for (int i = 0; i < 6000; ++i) {
        const Words line = lines.next();
        const GuardScope& scope = commands.grammars().find(line[0])->second.scopes.front();
        const bool as_getopt =
            scope.options_stand != GuardScope::Options::none && !scope.long_single && scope.has_end &&
            !scope.ordered && !scope.joined &&
            std::all_of(scope.options.begin(), scope.options.end(), [](const GuardOption& option) {
                return !option.is_typed && !option.takes_words &&
                       (option.value == GuardOption::Value::none ||
                        option.value == GuardOption::Value::required ||
                        option.value == GuardOption::Value::optional);
            });
        const bool with_nul = std::any_of(line.begin(), line.end(), [](const std::string& word) {
            return word.find('\0') != std::string::npos;
        });
        if (!as_getopt || with_nul) continue;
        std::vector<GivenWord> words;
        for (std::size_t at = 1; at < line.size(); ++at) words.push_back({line[at], WordPlace::operand, at});
        const ParsedLine parsed = parse_line(scope, words);
        if (!parsed.error.empty()) continue;
        ++compared;
        Words found;
        for (const GivenOption& given : parsed.options)
            found.push_back(scope.options[given.option].name() + (given.value ? "=" + *given.value : ""));
        for (const GivenWord& word : parsed.words) found.push_back(word.text);
        EXPECT_EQ(found, by_getopt(scope, line)) << sys::quote_words(line);
    }
    EXPECT_GT(compared, 500);
}

TEST(RandomCommandLines, AreMadeKnownByTheLineThatIsNamed) {
    std::vector<GuardText> texts;
    for (const auto& entry : std::filesystem::directory_iterator{tests::data_directory() / "guarded.d"})
        texts.push_back({sys::read_file(entry.path()), entry.path()});
    const GuardedCommands commands{parse_guard_grammars(texts)};
    texts.push_back({"", "/etc/own"});
    RandomLines lines{commands.grammars(), 42};
    for (int named = 0; named < 40;) {
        const Words line = lines.next();
        const GuardDecision decision = commands.decide(line);
        if (decision.known || decision.line.empty()) continue;
        ++named;
        texts.back().text = decision.line;
        const GuardedCommands longer{parse_guard_grammars(texts)};
        EXPECT_TRUE(longer.decide(line).known) << sys::quote_words(line) << "\n" << decision.line;
        EXPECT_EQ(longer.decide(line).place, "/etc/own:1");
    }
}

} // namespace
} // namespace disco::policy
