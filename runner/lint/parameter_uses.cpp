#include "runner/lint/parameter_uses.hpp"

#include "runner/sys/text_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <set>

namespace disco::lint {
namespace {

constexpr std::string_view call = "disco-param";

bool is_key_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '/';
}
bool ends_word(char c) { return std::string_view{" \t;|&)<>`\"\r"}.find(c) != std::string_view::npos; }

/// A here-document whose text comes in the next lines.
struct HereDocument {
    std::string end;
    bool tabs = false;    ///< `<<-`: tabs before the end do not count
    bool literal = false; ///< nothing in it is expanded
};

/// Those that begin in a line, in order.
void begin_here_documents(std::string_view line, std::deque<HereDocument>& pending) {
    for (std::size_t at = line.find("<<"); at != std::string_view::npos; at = line.find("<<", at)) {
        std::string_view rest = line.substr(at + 2);
        at += 2;
        if (rest.starts_with('<')) { // a here-string
            ++at;
            continue;
        }
        HereDocument document;
        document.tabs = rest.starts_with('-');
        if (document.tabs) rest.remove_prefix(1);
        rest = sys::trimmed_left(rest);
        for (const char c : rest) {
            if (ends_word(c) && c != '"') break;
            if (c == '\'' || c == '"' || c == '\\')
                document.literal = true;
            else
                document.end += c;
        }
        // `$((1<<2))` begins none.
        const bool is_word = !document.end.empty() && (document.end[0] < '0' || document.end[0] > '9');
        if (is_word) pending.push_back(std::move(document));
    }
}

/// Where a comment begins in a line of commands; its end when there is none. By its looks: in front of it is
/// a blank, and no quote is open.
std::size_t comment_of(std::string_view line) {
    char quote = '\0';
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (c == '\\' && quote != '\'')
            ++at;
        else if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '#' && (at == 0 || sys::blanks.find(line[at - 1]) != std::string_view::npos))
            return at;
    }
    return line.size();
}

/// Whether a command may begin behind these words.
bool may_precede_command(std::string_view before) {
    if (before.empty()) return true;
    return std::string_view{" \t(;|&`{!"}.find(before.back()) != std::string_view::npos;
}
/// In a here-document only a substitution is a command.
bool begins_substitution(std::string_view before) {
    before = sys::trimmed_right(before);
    return before.ends_with("$(") || before.ends_with('`');
}

/// The key of a `disco-param VERB KEY`, given what comes behind the verb; empty when it is not written out.
std::string written_key(std::string_view rest) {
    const char quote = rest.starts_with('"') || rest.starts_with('\'') ? rest[0] : '\0';
    if (quote != '\0') rest.remove_prefix(1);
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_key_character);
    const std::string key{rest.begin(), end};
    rest.remove_prefix(key.size());
    if (key.empty() || key[0] == '-') return {};
    if (quote != '\0') {
        if (!rest.starts_with(quote)) return {};
        rest.remove_prefix(1);
    }
    return rest.empty() || ends_word(rest[0]) ? key : std::string{};
}

} // namespace

std::vector<ParameterUse> parameter_uses(std::string_view text) {
    std::vector<ParameterUse> uses;
    std::set<std::string> may_be_missing;
    std::deque<HereDocument> open;
    int number = 0;
    for (std::string_view line : sys::lines_of(text)) {
        ++number;
        const bool in_document = !open.empty();
        if (in_document) {
            std::string_view end = line;
            if (open.front().tabs) end = sys::trimmed_left(end, "\t");
            if (end == open.front().end) {
                open.pop_front();
                continue;
            }
            if (open.front().literal) continue;
        } else {
            line = line.substr(0, comment_of(line));
            begin_here_documents(line, open);
        }
        for (std::size_t at = line.find(call); at != std::string_view::npos;
             at = line.find(call, at + call.size())) {
            const std::string_view before = line.substr(0, at);
            std::string_view rest = line.substr(at + call.size());
            const bool is_call = in_document ? begins_substitution(before) : may_precede_command(before);
            if (!is_call || rest.empty() || sys::blanks.find(rest[0]) == std::string_view::npos) continue;
            const std::string_view verb = sys::take_word(rest);
            std::string key = verb == "get" || verb == "has" ? written_key(rest) : std::string{};
            if (!key.empty() && verb == "has")
                may_be_missing.insert(std::move(key));
            else if (!key.empty())
                uses.push_back({number, std::move(key)});
        }
    }
    std::erase_if(uses, [&](const ParameterUse& use) { return may_be_missing.contains(use.key); });
    return uses;
}

} // namespace disco::lint
