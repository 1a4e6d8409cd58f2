// Every form of the guarded commands that their help and man pages describe, with what becomes of it by the
// grammars that are shipped: tests/unit/guarded_forms/*.txt, one row a form, made by hand. And lines that
// look like a question.

#include "policy/guarded_commands.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/printable.hpp"
#include "tests/support/build_tree.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

namespace disco::policy {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;
using testing::IsEmpty;

const GuardedCommands& shipped() {
    static const GuardedCommands commands = load_guarded_commands(tests::data_directory(), "/nonexistent");
    return commands;
}

/// KIND<TAB>COMMAND LINE[<TAB>COMMAND LINE]: what is asked of the machine, or queued. KIND is one of the
/// kinds, or `unknown`; several with `|` where each would do.
struct Row {
    std::set<std::string> kinds;
    Words line, then;
    std::string place;
};

Words split(const std::string& text, char at) {
    Words parts;
    std::istringstream stream{text};
    for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
    return parts;
}

std::vector<Row> read_rows(const fs::path& file) {
    std::vector<Row> rows;
    std::size_t number = 0;
    for (const std::string& text : split(sys::read_file(file), '\n')) {
        ++number;
        if (text.empty() || text.front() == '#') continue;
        const Words columns = split(text, '\t');
        Row row{.kinds = {},
                .line = {},
                .then = {},
                .place = fmt::format("{}:{}", file.filename().string(), number)};
        if (columns.size() < 2) throw std::runtime_error{row.place + ": no command line"};
        const Words kinds = split(columns[0], '|');
        row.kinds = {kinds.begin(), kinds.end()};
        row.line = sys::split_words(columns[1]);
        if (columns.size() > 2) row.then = sys::split_words(columns[2]);
        rows.push_back(std::move(row));
    }
    return rows;
}

Words tables() {
    Words names;
    for (const auto& entry : fs::directory_iterator{tests::source_tree() / "tests/unit/guarded_forms"})
        names.push_back(entry.path().stem().string());
    std::ranges::sort(names);
    return names;
}

std::vector<Row> rows_of(const std::string& table) {
    return read_rows(tests::source_tree() / "tests/unit/guarded_forms" / (table + ".txt"));
}

std::string kind_of(const GuardDecision& decision) {
    return decision.known ? to_string(decision.kind) : "unknown";
}

/// What is wrong with a row; "" when nothing is.
std::string complaint(const Row& row) {
    const std::string line = sys::quote_words(row.line);
    if (!shipped().contains(row.line.at(0))) return fmt::format("{}: {}: not guarded", row.place, line);
    const GuardDecision decision = shipped().decide(row.line);
    const std::string kind = kind_of(decision);
    if (!row.kinds.contains(kind))
        return fmt::format("{}: {}: is {} by {}, not {}. {}", row.place, line, kind, decision.place,
                           fmt::join(row.kinds, " or "), decision.reason);
    const Words& then = kind == "query" ? decision.query : decision.action;
    if (!row.then.empty() && then != row.then)
        return fmt::format("{}: {}: gives '{}', not '{}'", row.place, line, sys::quote_words(then),
                           sys::quote_words(row.then));
    // What is asked of the machine is a question by itself, and the same one; no word of it is lost.
    if (kind == "query") {
        for (const std::string& word : row.line)
            if (!word.starts_with('-') &&
                fmt::format("{}", fmt::join(decision.query, " ")).find(word) == word.npos)
                return fmt::format("{}: {}: '{}' is not in '{}'", row.place, line, word,
                                   sys::quote_words(decision.query));
        const GuardDecision again = shipped().decide(decision.query);
        if (kind_of(again) != "query" || again.query != decision.query)
            return fmt::format("{}: {}: '{}' is {} and gives '{}'", row.place, line,
                               sys::quote_words(decision.query), kind_of(again),
                               sys::quote_words(again.query));
    }
    if ((kind == "action" || kind == "both") && decision.action.empty())
        return fmt::format("{}: {}: nothing is queued", row.place, line);
    if ((kind == "view" || kind == "both") && decision.view.empty())
        return fmt::format("{}: {}: nothing runs in the view", row.place, line);
    if (kind == "refuse" && decision.reason.empty())
        return fmt::format("{}: {}: says nothing", row.place, line);
    return {};
}

class GuardedForms : public testing::TestWithParam<std::string> {};
TEST_P(GuardedForms, BecomeWhatTheTableSays) {
    Words wrong;
    for (const Row& row : rows_of(GetParam()))
        if (const std::string why = complaint(row); !why.empty()) wrong.push_back(why);
    EXPECT_THAT(wrong, IsEmpty()) << fmt::format("{}", fmt::join(wrong, "\n"));
}
INSTANTIATE_TEST_SUITE_P(Tables, GuardedForms, testing::ValuesIn(tables()),
                         [](const auto& table) { return table.param; });

TEST(GuardedFormTables, AreAsLargeAsTheyShouldBe) {
    std::map<std::string, std::size_t> count;
    for (const std::string& table : tables()) count[table] = rows_of(table).size();
    std::size_t all = 0;
    for (const auto& [table, rows] : count) all += rows;
    EXPECT_GE(all, 2000U);
    EXPECT_GE(count["hostile"], 300U);
}

TEST(GuardedFormTables, KnowEveryGuardedCommand) {
    std::set<std::string, std::less<>> names;
    for (const std::string& table : tables())
        for (const Row& row : rows_of(table)) names.insert(row.line.at(0));
    Words missing;
    std::ranges::set_difference(shipped().names(), names, std::back_inserter(missing));
    EXPECT_THAT(missing, IsEmpty());
}

/// The words by which forms of a command ask: first words of queries and of sub-commands, and the words
/// behind them.
std::set<std::string> asking_words(const GuardGrammar& grammar) {
    std::set<std::string> words;
    for (const GuardScope& scope : grammar.scopes) {
        for (const auto& names : scope.path) words.insert(names.front());
        for (const GuardForm& form : scope.forms)
            if (form.kind == GuardKind::query)
                for (const GuardItem& item : form.items)
                    if (!item.words.empty()) words.insert(item.words.front());
    }
    return words;
}

/// The ways to give an option this value.
std::vector<Words> spellings(const GuardOption& option, const std::string& value) {
    std::vector<Words> all;
    for (const std::string& name : option.names) all.push_back({name, value});
    all.push_back({option.name().size() == 2 ? option.name() + value : option.name() + "=" + value});
    return all;
}

/// One line of the tables for each form that acts, by the form's place.
std::map<std::string, Words> acting_lines() {
    std::map<std::string, Words> lines;
    for (const std::string& table : tables())
        for (const Row& row : rows_of(table)) {
            const GuardDecision decision = shipped().decide(row.line);
            if (kind_of(decision) == "action" || kind_of(decision) == "both")
                lines.emplace(decision.place, row.line);
        }
    return lines;
}

/// The options that the program looks for in a line of the form of this place: the command's and the
/// sub-command's.
std::vector<const GuardOption*> valued_options(const GuardGrammar& grammar, const std::string& place) {
    std::vector<const GuardOption*> options;
    for (const GuardScope& scope : grammar.scopes) {
        const bool is_its =
            std::ranges::any_of(scope.forms, [&](const GuardForm& form) { return form.place == place; });
        if (!is_its && !scope.path.empty()) continue;
        for (const GuardOption& option : scope.options)
            if (option.value != GuardOption::Value::none) options.push_back(&option);
    }
    return options;
}

TEST(OptionValues, AreNoVerbs) {
    std::size_t tried = 0;
    for (const auto& [place, line] : acting_lines()) {
        const GuardGrammar& grammar = shipped().grammars().at(line.at(0));
        const std::set<std::string> verbs = asking_words(grammar);
        for (const GuardOption* option : valued_options(grammar, place))
            for (const std::string& verb : verbs)
                for (const Words& given : spellings(*option, verb))
                    for (const std::size_t at : {std::size_t{1}, line.size()}) {
                        Words words = line;
                        words.insert(words.begin() + static_cast<std::ptrdiff_t>(at), given.begin(),
                                     given.end());
                        ++tried;
                        ASSERT_NE(kind_of(shipped().decide(words)), "query")
                            << place << ": " << sys::quote_words(words);
                    }
    }
    EXPECT_GT(tried, 10000U);
}

TEST(Input, IsKeptForWhatReadsIt) {
    const auto reads = [](const char* line) { return shipped().decide(sys::split_words(line)).reads_input; };
    for (const char* line : {"iptables-restore",
                             "iptables-restore -n -w 5",
                             "ip6tables-restore --noflush",
                             "nft -f -",
                             "nft -f /dev/stdin",
                             "ipset restore",
                             "ipset -exist restore",
                             "ip -batch -",
                             "ip route restore",
                             "tc -b -",
                             "sysctl -p -",
                             "ufw enable",
                             "ufw delete 3",
                             "wall",
                             "docker load",
                             "docker image load -q",
                             "docker exec -i db psql",
                             "docker run --rm -i app",
                             "docker import - app",
                             "docker build -",
                             "docker secret create s -",
                             "docker login -u x --password-stdin r",
                             "docker compose exec -T db psql",
                             "docker stack deploy -c - app",
                             "podman load",
                             "podman kube play -",
                             "podman secret create s -"})
        EXPECT_TRUE(reads(line)) << line;
    // Others leave alone what a loop reads: while read x; do docker exec $x y; done
    for (const char* line : {"iptables-restore /etc/rules",
                             "iptables -A INPUT -j DROP",
                             "nft -f /etc/nftables.conf",
                             "nft add table x",
                             "ipset restore -f /etc/ipset",
                             "ipset add a 1.2.3.4",
                             "ip -batch /etc/x",
                             "ip link set eth0 up",
                             "sysctl -p /etc/sysctl.conf",
                             "sysctl -w a=1",
                             "ufw allow 22",
                             "ufw --force enable",
                             "wall hello",
                             "docker load -i /srv/x.tar",
                             "docker exec db true",
                             "docker run -d app",
                             "docker rm -f web",
                             "docker login -u x -p y",
                             "docker compose up -d",
                             "podman exec db true",
                             "mount /data",
                             "pkill x"})
        EXPECT_FALSE(reads(line)) << line;
}

TEST(Mounts, SayWhatTheyHide) {
    const auto hides = [](const char* line) {
        return fmt::format("{}", fmt::join(shipped().decide(sys::split_words(line)).covers, " "));
    };
    EXPECT_EQ(hides("mount -t tmpfs none /data"), "/data");
    EXPECT_EQ(hides("mount /dev/sdb1 /mnt -o ro,noexec"), "/mnt");
    EXPECT_EQ(hides("mount --bind /a b"), "b");
    EXPECT_EQ(hides("mount /data"), "/data");
    EXPECT_EQ(hides("mount --source x --target /mnt"), "/mnt");
    EXPECT_EQ(hides("mount -o remount,rw /data"), "");
    EXPECT_EQ(hides("mount -o rw,remount /dev/sda1 /"), "");
    EXPECT_EQ(hides("mount --make-rshared /"), "");
    EXPECT_EQ(hides("mount -a"), "");
    EXPECT_EQ(hides("mount"), "");
    EXPECT_EQ(hides("umount /data"), "");
}

TEST(HostileForms, AreNoQuestion) {
    for (const Row& row : rows_of("hostile"))
        EXPECT_NE(kind_of(shipped().decide(row.line)), "query") << row.place;
}

} // namespace
} // namespace disco::policy
