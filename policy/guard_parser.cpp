#include "policy/guard_parser.hpp"

#include "policy/guard_clauses.hpp"
#include "policy/guard_form_parser.hpp"
#include "policy/guard_text.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::policy {
namespace {

using Words = std::vector<std::string>;
using Line = GuardLine;

std::optional<GuardKind> kind_of(std::string_view word) {
    using enum GuardKind;
    for (const GuardKind kind : {view, query, action, both, refuse})
        if (word == to_string(kind)) return kind;
    return std::nullopt;
}

GuardKind need_kind(const Line& line, std::size_t at) {
    if (at >= line.words.size()) object_to(line.place, "the kind is missing");
    const auto kind = kind_of(line.words[at]);
    if (!kind)
        object_to(line.place,
                  fmt::format("'{}' is no kind of command; there are view, query, action, both and refuse",
                              sys::printable(line.words[at])));
    return *kind;
}

void need_plain_name(const std::string& name, const std::string& place) {
    if (name.empty() || name[0] == '-' || name.find_first_of("/[]*?|= ") != std::string::npos)
        object_to(place, fmt::format("'{}' is not the plain name of a command", sys::printable(name)));
}

Words alternatives(std::string_view word) {
    Words parts;
    for (;;) {
        const std::size_t end = word.find('|');
        parts.emplace_back(word.substr(0, end));
        if (end == std::string_view::npos) return parts;
        word.remove_prefix(end + 1);
    }
}

/// Reads the lines of one grammar into a value of its own; finish() gives it to all its names.
class Reader {
public:
    explicit Reader(GuardGrammars& grammars) : grammars_{grammars} {}

    void read(const GuardText& text) {
        for (const Line& line : split_lines(text)) {
            const std::string& first = line.words[0];
            if (first == "command")
                begin_command(line);
            else if (first == "form") {
                finish();
                outside_.push_back(line);
                in_outside_ = true;
            } else if (first == "units") { // parse_guard_units() reads them
                finish();
                in_units_ = true;
            } else if (first == "=>")
                go_on(line);
            else if (names_.empty())
                object_to(line.place, fmt::format("'{}' stands in no grammar; 'command NAME' begins one, and "
                                                  "'form KIND COMMAND WORD…' is a single form",
                                                  sys::printable(first)));
            else
                read_line(line);
        }
        finish();
    }

    /// Single forms, once all grammars are known; then what goes for every form.
    void add_single_forms() {
        for (const Line& line : outside_) add_single_form(line);
        for (auto& [name, grammar] : grammars_)
            for (GuardScope& scope : grammar.scopes)
                for (GuardForm& form : scope.forms) {
                    GuardClauses clauses;
                    if (const auto each = grammar.each.find(form.kind); each != grammar.each.end())
                        clauses = each->second;
                    add_clauses(clauses, form.clauses);
                    form.clauses = std::move(clauses);
                    check_clauses(form, scope);
                }
    }

private:
    GuardScope& scope() { return grammar_.scopes.back(); }

    void begin_command(const Line& line) {
        finish();
        if (line.words.size() < 2) object_to(line.place, "the name of the command is missing");
        names_.assign(std::next(line.words.begin()), line.words.end());
        for (const std::string& name : names_) {
            need_plain_name(name, line.place);
            if (const auto other = grammars_.find(name); other != grammars_.end())
                object_to(
                    line.place,
                    fmt::format("'{}' has a grammar at {} already; replace that file, or add single forms by "
                                "'form KIND {} WORD…'",
                                name, other->second.place, name));
        }
        grammar_ = GuardGrammar{};
        grammar_.place = line.place;
        grammar_.scopes.emplace_back().place = line.place;
        clauses_ = nullptr;
    }

    void finish() {
        in_outside_ = in_units_ = false;
        for (const std::string& name : names_) grammars_[name] = grammar_;
        names_.clear();
        clauses_ = nullptr;
    }

    void go_on(const Line& line) {
        if (in_units_) return;
        if (in_outside_) {
            Words& words = outside_.back().words;
            words.insert(words.end(), line.words.begin(), line.words.end());
        } else if (clauses_ != nullptr)
            parse_clauses(line.words, *clauses_, line.place);
        else
            object_to(line.place, "'=>' goes on with a form, but there is none before it");
    }

    void read_line(const Line& line) {
        const Words& words = line.words;
        const Words rest{std::next(words.begin()), words.end()};
        clauses_ = nullptr;
        if (const auto kind = kind_of(words[0])) {
            const auto end = std::find(rest.begin(), rest.end(), "=>");
            GuardForm form = parse_form(*kind, {rest.begin(), end}, grammar_, scope(), line.place);
            parse_clauses({end, rest.end()}, form.clauses, line.place);
            scope().forms.push_back(std::move(form));
            clauses_ = &scope().forms.back().clauses;
        } else if (words[0] == "option" || words[0] == "extra")
            declare(rest, words[0] == "option", line.place);
        else if (words[0] == "each") {
            clauses_ = &grammar_.each[need_kind(line, 1)];
            parse_clauses({std::next(rest.begin()), rest.end()}, *clauses_, line.place);
        } else if (words[0] == "sub") {
            if (rest.empty()) object_to(line.place, "the word of the sub-command is missing");
            GuardScope sub;
            sub.place = line.place;
            for (const std::string& word : rest) sub.path.push_back(alternatives(word));
            grammar_.scopes.push_back(std::move(sub));
        } else if (words[0] == "type") {
            if (rest.size() < 2 || !is_type_name(rest[0]))
                object_to(line.place, "a type is written 'type NAME WORD…', its name in capital letters");
            if (WordType::built_in(rest[0]) != nullptr || grammar_.types.contains(rest[0]))
                object_to(line.place, fmt::format("'{}': there is such a type already", rest[0]));
            grammar_.types.emplace(rest[0], WordType{rest[0], {std::next(rest.begin()), rest.end()}});
        } else
            read_setting(line);
    }

    void declare(const Words& rest, bool everywhere, const std::string& place) {
        GuardOption option = parse_option(rest, grammar_, place);
        option.everywhere = everywhere;
        for (const std::string& name : option.names)
            if (const std::size_t other = find_option(scope(), name); other != std::string::npos)
                object_to(place, fmt::format("'{}' is declared at {} already", sys::printable(name),
                                             scope().options[other].place));
        scope().options.push_back(std::move(option));
    }

    void read_setting(const Line& line) {
        const std::string text = line.words.size() == 2 ? line.words[0] + " " + line.words[1] : line.words[0];
        using Options = GuardScope::Options;
        GuardScope& to = scope();
        if (text == "options anywhere")
            to.options_stand = Options::anywhere;
        else if (text == "options first")
            to.options_stand = Options::first;
        else if (text == "options none")
            to.options_stand = Options::none;
        else if (text == "long single")
            to.long_single = true;
        else if (text == "abbreviated options")
            to.abbreviated_options = true;
        else if (text == "abbreviated words")
            to.abbreviated_words = true;
        else if (text == "ends no")
            to.has_end = false;
        else if (text == "joined")
            to.joined = true;
        else if (text == "ordered")
            to.ordered = true;
        else if (line.words[0] == "prefix" && line.words.size() == 2)
            to.prefix = line.words[1];
        else if (line.words[0] == "others" && line.words.size() == 2)
            to.others = find_type(line.words[1], grammar_, line.place);
        else
            object_to(line.place, fmt::format("'{}' is no line of a grammar",
                                              sys::printable(fmt::format("{}", fmt::join(line.words, " ")))));
    }

    void add_single_form(const Line& line) {
        const GuardKind kind = need_kind(line, 1);
        if (line.words.size() < 3) object_to(line.place, "the command is missing: form KIND COMMAND WORD…");
        const std::string& name = line.words[2];
        need_plain_name(name, line.place);
        const auto end = std::find(line.words.begin(), line.words.end(), "=>");
        if (std::distance(line.words.begin(), end) < 3)
            object_to(line.place, "the command is missing: form KIND COMMAND WORD…");
        Words words{std::next(line.words.begin(), 3), end};
        GuardGrammar& grammar = grammars_[name];
        if (grammar.scopes.empty()) {
            grammar.place = line.place;
            grammar.scopes.emplace_back().place = line.place;
        }
        GuardScope& to = scope_of(grammar, words);
        GuardForm form = parse_form(kind, words, grammar, to, line.place);
        parse_clauses({end, line.words.end()}, form.clauses, line.place);
        to.forms.push_back(std::move(form));
    }

    /// Takes the words of a sub-command that has a grammar of its own off `words`.
    static GuardScope& scope_of(GuardGrammar& grammar, Words& words) {
        for (auto at = std::next(grammar.scopes.begin()); at != grammar.scopes.end(); ++at) {
            std::size_t fitting = 0;
            for (; fitting < at->path.size() && fitting < words.size(); ++fitting) {
                const Words& names = at->path[fitting];
                if (std::find(names.begin(), names.end(), words[fitting]) == names.end()) break;
            }
            if (fitting != at->path.size()) continue;
            words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(fitting));
            return *at;
        }
        return grammar.scopes.front();
    }

    GuardGrammars& grammars_;
    Words names_; ///< of the grammar being read; none: outside of one
    GuardGrammar grammar_;
    GuardClauses* clauses_ = nullptr; ///< that a line with => goes on with
    std::vector<Line> outside_;       ///< single forms
    bool in_outside_ = false, in_units_ = false;
};

} // namespace

GuardGrammars parse_guard_grammars(const std::vector<GuardText>& files) {
    GuardGrammars grammars;
    Reader reader{grammars};
    for (const GuardText& file : files) reader.read(file);
    reader.add_single_forms();
    return grammars;
}

} // namespace disco::policy
