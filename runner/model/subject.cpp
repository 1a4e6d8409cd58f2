#include "runner/model/subject.hpp"
#include "runner/sys/text.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::model {
namespace {

bool is_name_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
}

/// `name` stands somewhere in `word`, and is not a part of a longer name there.
bool names(std::string_view word, std::string_view name) {
    if (name.empty()) return true;
    for (std::size_t at = word.find(name); at != std::string_view::npos; at = word.find(name, at + 1)) {
        const std::size_t end = at + name.size();
        // "-vdata:/x" is an option with its value.
        const bool begins =
            at == 0 || !is_name_character(word[at - 1]) || (at == 2 && word[0] == '-' && word[1] != '-');
        const bool ends = end == word.size() || !is_name_character(word[end]);
        if (begins && ends) return true;
    }
    return false;
}

/// "nginx:1.25" is one of "nginx", which may be named without its tag.
bool named_by(std::string_view word, std::string_view object) {
    return names(word, object) || names(word, object.substr(0, object.find_first_of(":@")));
}

/// Of a container or an image: the same one has a name, too.
bool is_number(std::string_view word) {
    constexpr std::size_t shortest = 12, longest = 64;
    return word.size() >= shortest && word.size() <= longest &&
           word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_path(std::string_view text) { return text.starts_with('/'); }

/// The names that a pattern such as "^(nginx|httpd)$" is of; nothing: it could be any.
std::vector<std::string> names_of_pattern(std::string_view pattern) {
    std::vector<std::string> found;
    for (;;) {
        const std::size_t end = pattern.find('|');
        std::string_view one = pattern.substr(0, end);
        one.remove_prefix(std::min(one.find_first_not_of("^/("), one.size()));
        one = one.substr(0, one.find_last_not_of("$)") + 1);
        if (one.empty() || one.find_first_of("*?+.[](){}\\^$") != std::string_view::npos) return {};
        found.push_back(sys::lower_case(one));
        if (end == std::string_view::npos) return found;
        pattern.remove_prefix(end + 1);
    }
}

bool may_name_the_same(std::string_view a, std::string_view b) {
    const std::vector<std::string> of_a = names_of_pattern(a), of_b = names_of_pattern(b);
    if (of_a.empty() || of_b.empty()) return true;
    return std::any_of(of_a.begin(), of_a.end(), [&](const std::string& one) {
        return std::any_of(of_b.begin(), of_b.end(), [&](const std::string& other) {
            return one.find(other) != std::string::npos || other.find(one) != std::string::npos;
        });
    });
}

bool objects_meet(const Subject& change, const std::string& changed, const Subject& question,
                  const std::string& asked) {
    if (change.loose || question.loose) return may_name_the_same(changed, asked);
    if (sys::is_pattern(changed) || sys::is_pattern(asked)) return true;
    if (change.name == "services") // of a command line a word may be "--unit=x.service"
        return changed == asked || (changed.find('=') != std::string::npos && names(changed, asked));
    if ((change.name == "containers" || change.name == "images") && (is_number(changed) || is_number(asked)))
        return true;
    if (change.name == "mounts") {
        if (!is_path(asked)) return true; // it may be any directory
        // What is mounted on a directory is in the place of all that was below it.
        const std::string_view path = sys::without_last_slashes(asked);
        return names(changed, path) ||
               (is_path(changed) && (sys::without_last_slashes(changed) == "/" ||
                                     sys::is_at_or_below(path, sys::without_last_slashes(changed))));
    }
    return named_by(changed, asked);
}

} // namespace

bool any_named(const std::vector<Subject>& subjects, std::initializer_list<std::string_view> names) {
    return std::any_of(subjects.begin(), subjects.end(), [&](const Subject& subject) {
        return std::find(names.begin(), names.end(), subject.name) != names.end();
    });
}

std::string describe(const Subject& subject) {
    if (subject.objects.empty()) return subject.name;
    return fmt::format("{} of {}", subject.name, fmt::join(subject.objects, ", "));
}

bool concerns(const Subject& change, const Subject& question) {
    if (change.name != question.name) return false;
    if (change.objects.empty() || question.objects.empty()) return true;
    return std::any_of(change.objects.begin(), change.objects.end(), [&](const std::string& changed) {
        return std::any_of(question.objects.begin(), question.objects.end(), [&](const std::string& asked) {
            return objects_meet(change, changed, question, asked);
        });
    });
}

} // namespace disco::model
