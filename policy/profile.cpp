#include "policy/profile.hpp"

#include "policy/capability_names.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace disco::policy {
namespace {

using nlohmann::json;

constexpr int highest_errno = 133;

std::size_t line_at(std::string_view text, std::size_t offset) {
    return 1 + static_cast<std::size_t>(std::count(
                   text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())),
                   '\n'));
}

/// Reads one file of the chain; messages name file, line and key.
class Reader {
public:
    Reader(ProfileText source, const std::function<bool(std::string_view)>& known)
        : source_{std::move(source)}, known_{known} {
        try {
            document_ = json::parse(source_.text);
        } catch (const json::parse_error& error) {
            throw sys::BadConfiguration{fmt::format("{}:{}: this is not JSON: {}", source_.file,
                                                    line_at(source_.text, error.byte), error.what())};
        }
        if (!document_.is_object())
            refuse("", "a profile is an object: { \"capabilities\": …, \"calls\": … }");
        for (const auto& [key, value] : document_.items())
            if (key != "inherits" && key != "capabilities" && key != "calls")
                refuse(key, "there is no such key; known are inherits, capabilities, calls");
    }

    [[nodiscard]] std::string inherits() const {
        const auto found = document_.find("inherits");
        if (found == document_.end()) return {};
        if (!found->is_string()) refuse("inherits", "this must be the name of a profile");
        return found->get<std::string>();
    }

    void apply_to(ProfilePolicy& policy) const {
        if (const auto found = document_.find("capabilities"); found != document_.end())
            policy.capabilities = capabilities(*found);
        const auto calls = document_.find("calls");
        if (calls == document_.end()) return;
        if (!calls->is_object()) refuse("calls", "this must be an object: allow, report, refuse");
        std::map<std::string, CallRule, std::less<>> own;
        for (const auto& [kind, rules] : calls->items()) {
            if (kind == "allow")
                add_groups(own, kind, rules, {CallRule::Kind::allow, 0});
            else if (kind == "refuse")
                add_groups(own, kind, rules, {CallRule::Kind::refuse, 0});
            else if (kind == "report")
                add_reports(own, rules);
            else
                refuse(kind, "there is no such key; known are allow, report, refuse");
        }
        for (auto& [name, rule] : own) policy.calls[name] = rule;
    }

    [[noreturn]] void refuse(std::string_view word, std::string_view why) const {
        const std::size_t at = word.empty() ? 0 : source_.text.find(word);
        throw sys::BadConfiguration{word.empty() ? fmt::format("{}: {}", source_.file, why)
                                                 : fmt::format("{}:{}: '{}': {}", source_.file,
                                                               line_at(source_.text, at),
                                                               sys::printable(std::string{word}), why)};
    }

private:
    /// The words of an array of strings, each with any number of words.
    [[nodiscard]] std::vector<std::string> words(std::string_view key, const json& list) const {
        if (!list.is_array()) refuse(key, "this must be a list of strings");
        std::vector<std::string> found;
        for (const json& item : list) {
            if (!item.is_string()) refuse(key, "this must be a list of strings");
            for (std::string& word : sys::split_words(item.get<std::string>()))
                found.push_back(std::move(word));
        }
        return found;
    }

    [[nodiscard]] std::uint64_t capabilities(const json& list) const {
        std::uint64_t mask = 0;
        for (const std::string& name : words("capabilities", list)) {
            const auto capability = capability_of_name(name);
            if (!capability)
                refuse(name,
                       "there is no such capability (they are spelt as in capabilities(7), without CAP_)");
            mask |= std::uint64_t{1} << *capability;
        }
        return mask;
    }

    void add(std::map<std::string, CallRule, std::less<>>& rules, const std::string& name,
             CallRule rule) const {
        if (!known_(name)) refuse(name, "there is no such system call");
        if (const auto [at, added] = rules.emplace(name, rule); !added && !(at->second == rule))
            refuse(name, "this call has two rules in one file");
    }

    void add_groups(std::map<std::string, CallRule, std::less<>>& rules, const std::string& kind,
                    const json& groups, CallRule rule) const {
        if (!groups.is_object()) refuse(kind, "this must be an object: { \"reason\": [\"call call …\"] }");
        for (const auto& [reason, list] : groups.items())
            for (const std::string& name : words(reason, list)) add(rules, name, rule);
    }

    void add_reports(std::map<std::string, CallRule, std::less<>>& rules, const json& reports) const {
        if (!reports.is_object()) refuse("report", "this must be an object: { \"call\": \"EPERM\" }");
        for (const auto& [name, answer] : reports.items()) {
            if (!answer.is_string()) refuse(name, "the answer must be a string: \"EPERM\" or \"success\"");
            add(rules, name, {CallRule::Kind::report, number_of(name, answer.get<std::string>())});
        }
    }

    [[nodiscard]] int number_of(std::string_view call, const std::string& answer) const {
        for (int code = 0; code <= highest_errno; ++code)
            if (answer_name(code) == answer) return code;
        refuse(call, fmt::format("'{}' is neither \"success\" nor an error's name as in errno(3)",
                                 sys::printable(answer)));
    }

    ProfileText source_;
    const std::function<bool(std::string_view)>& known_;
    json document_;
};

} // namespace

ProfilePolicy parse_profile(const std::string& name, const ReadProfile& read,
                            const std::function<bool(std::string_view)>& known) {
    std::vector<Reader> chain;
    std::vector<std::string> names;
    for (std::string next = name; !next.empty(); next = chain.back().inherits()) {
        if (std::find(names.begin(), names.end(), next) != names.end())
            chain.back().refuse("inherits", fmt::format("'{}' inherits itself in the end", next));
        names.push_back(next);
        if (next.find('/') != std::string::npos) chain.back().refuse(next, "this is no name of a profile");
        chain.emplace_back(read(next), known);
    }
    ProfilePolicy policy;
    for (auto reader = chain.rbegin(); reader != chain.rend(); ++reader) reader->apply_to(policy);
    return policy;
}

std::string answer_name(int answer) {
    if (answer == 0) return "success";
    const char* name = ::strerrorname_np(answer);
    return name != nullptr ? name : fmt::format("{}", answer);
}

} // namespace disco::policy
