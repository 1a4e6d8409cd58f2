#include "policy/guard_words.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

namespace disco::policy {
namespace {

using Path = std::vector<std::vector<std::string>>;

/// The plain words that forms and sub-commands begin with.
std::vector<Path> paths_of(const GuardGrammar& grammar) {
    std::vector<Path> paths;
    for (const GuardScope& scope : grammar.scopes) {
        if (!scope.path.empty()) paths.push_back(scope.path);
        for (const GuardForm& form : scope.forms) {
            std::vector<Path> of_form = {scope.path};
            for (const GuardItem& item : form.items) {
                if (item.type || item.repeated) break;
                std::vector<Path> longer;
                for (const Path& path : of_form) {
                    if (item.optional) longer.push_back(path);
                    longer.push_back(path);
                    longer.back().push_back(item.words);
                }
                of_form = std::move(longer);
            }
            paths.insert(paths.end(), of_form.begin(), of_form.end());
        }
    }
    return paths;
}

bool names(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

} // namespace

void lengthen_words(const GuardGrammar& grammar, std::vector<GivenWord>& words) {
    std::vector<Path> paths = paths_of(grammar);
    for (std::size_t at = 0; at < words.size(); ++at) {
        std::erase_if(paths, [&](const Path& path) { return path.size() <= at; });
        std::string& word = words[at].text;
        const bool exact =
            std::any_of(paths.begin(), paths.end(), [&](const Path& path) { return names(path[at], word); });
        if (!exact) {
            // By an item's first name: the first of its names that begins so.
            std::map<std::string, std::string> begun;
            for (const Path& path : paths)
                for (const std::string& name : path[at])
                    if (!word.empty() && name.starts_with(word)) begun.emplace(path[at].front(), name);
            if (begun.size() != 1) return;
            word = begun.begin()->second;
        }
        std::erase_if(paths, [&](const Path& path) { return !names(path[at], word); });
    }
}

} // namespace disco::policy
