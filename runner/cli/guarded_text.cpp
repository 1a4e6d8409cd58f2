#include "runner/cli/guarded_text.hpp"

#include "runner/sys/printable.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace disco::cli {
namespace {

using policy::GuardForm;
using policy::GuardGrammar;
using policy::GuardOption;
using policy::GuardScope;

std::string option_text(const GuardOption& option) {
    if (option.is_typed) return "-" + option.type->name();
    std::string text = fmt::format("{}", fmt::join(option.names, "/"));
    switch (option.value) {
    case GuardOption::Value::none: break;
    case GuardOption::Value::required: text += "=" + option.type->name(); break;
    case GuardOption::Value::optional: text += fmt::format("[={}]", option.type->name()); break;
    case GuardOption::Value::optional_next: text += fmt::format("[=?{}]", option.type->name()); break;
    }
    return text;
}

std::vector<std::string> settings_of(const GuardScope& scope) {
    std::vector<std::string> settings;
    switch (scope.options_stand) {
    case GuardScope::Options::anywhere: break;
    case GuardScope::Options::first: settings.emplace_back("options first"); break;
    case GuardScope::Options::none: settings.emplace_back("options none"); break;
    }
    if (scope.long_single) settings.emplace_back("long single");
    if (scope.abbreviated_options) settings.emplace_back("abbreviated options");
    if (scope.abbreviated_words) settings.emplace_back("abbreviated words");
    if (!scope.has_end) settings.emplace_back("ends no");
    if (scope.joined) settings.emplace_back("joined");
    if (scope.ordered) settings.emplace_back("ordered");
    if (!scope.prefix.empty()) settings.push_back("prefix " + scope.prefix);
    if (scope.others) settings.push_back("others " + scope.others->name());
    return settings;
}

std::string options_text(const GuardScope& scope, bool everywhere, const char* heading) {
    std::vector<std::string> options;
    for (const GuardOption& option : scope.options)
        if (option.everywhere == everywhere) options.push_back(option_text(option));
    return options.empty() ? "" : fmt::format("    {}\n{}", heading, paragraph(options));
}

/// ":LINE" where the file is that of `outer`.
std::string place_within(const std::string& outer, const std::string& place) {
    const std::size_t end = place.rfind(':');
    return outer.substr(0, outer.rfind(':')) == place.substr(0, end) ? place.substr(end) : place;
}

std::string scope_text(const std::string& names, const GuardScope& scope) {
    std::string title = names;
    for (const auto& words : scope.path) title += fmt::format(" {}", fmt::join(words, "|"));
    const std::vector<std::string> settings = settings_of(scope);
    std::string text =
        fmt::format("  {}{}  # {}\n", title,
                    settings.empty() ? "" : fmt::format("  ({})", fmt::join(settings, ", ")), scope.place);
    text += options_text(scope, true, "options of every form");
    text += options_text(scope, false, "options of forms that name them");
    for (const GuardForm& form : scope.forms) {
        text +=
            fmt::format("    {:<6} {}  # {}\n", to_string(form.kind),
                        form.text.empty() ? "(no words)" : form.text, place_within(scope.place, form.place));
        if (!form.clauses.queue.empty())
            text += fmt::format("           queues: {}\n", fmt::join(form.clauses.queue, " "));
        if (!form.clauses.says.empty()) text += fmt::format("           says: {}\n", form.clauses.says);
    }
    return text;
}

void line(std::string& text, const char* heading, const std::string& rest) {
    text += fmt::format("  {:<9} {}\n", heading, rest);
}

std::string quoted(const std::vector<std::string>& words) { return sys::printable(sys::quote_words(words)); }

} // namespace

std::string paragraph(const std::vector<std::string>& words, std::size_t indent) {
    constexpr std::size_t width = 78;
    std::string text, line;
    for (const std::string& word : words) {
        if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
            text += std::string(indent, ' ') + line + "\n";
            line.clear();
        }
        line += (line.empty() ? "" : " ") + word;
    }
    return line.empty() ? text : text + std::string(indent, ' ') + line + "\n";
}

std::string grammars_text(const policy::GuardedCommands& commands) {
    // Commands that share a grammar are shown once.
    std::map<std::string, std::vector<std::string>> names_by_place;
    for (const auto& [name, grammar] : commands.grammars()) names_by_place[grammar.place].push_back(name);
    std::string text;
    for (const auto& [name, grammar] : commands.grammars()) {
        const std::vector<std::string>& names = names_by_place.at(grammar.place);
        if (names.front() != name) continue;
        for (const GuardScope& scope : grammar.scopes)
            if (!scope.forms.empty() || scope.path.empty())
                text += scope_text(fmt::format("{}", fmt::join(names, ", ")), scope);
    }
    for (const policy::GuardUnits& units : commands.units())
        text += fmt::format("  units {}  # {}\n    change {}\n", fmt::join(units.patterns, " "), units.place,
                            fmt::join(units.subjects, ", "));
    return text;
}

std::string explanation_text(const std::vector<std::string>& argv,
                             const policy::GuardExplanation& explanation) {
    const policy::GuardDecision& decision = explanation.decision;
    std::string text;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const auto note = explanation.words.find(i);
        if (note != explanation.words.end())
            text +=
                fmt::format("    {:<20} {}\n", sys::printable(argv[i]), sys::printable_text(note->second));
    }
    if (decision.known)
        line(text, "form",
             fmt::format("{} {} {}  ({})", to_string(decision.kind), argv[0].substr(argv[0].rfind('/') + 1),
                         explanation.form, decision.place));
    else
        line(text, "form", "none fits");
    if (!decision.query.empty()) line(text, "asks", quoted(decision.query));
    if (!decision.needs.empty()) {
        std::vector<std::string> needs;
        for (const policy::Need need : decision.needs) needs.emplace_back(to_string(need));
        line(text, "needs", fmt::format("{}", fmt::join(needs, ", ")));
    }
    if (!decision.view.empty()) {
        std::vector<std::string> words = decision.environment;
        words.insert(words.end(), decision.view.begin(), decision.view.end());
        line(text, "runs", quoted(words));
    }
    if (!decision.decides.empty())
        line(text, "decides",
             fmt::format("{}: exits with {}, or it runs in the view", quoted(decision.decides),
                         fmt::join(decision.goes_on, " or ")));
    if (!decision.action.empty()) line(text, "queues", quoted(decision.action));
    if (!decision.meaning.units.empty())
        line(text, "units", fmt::format("{}", fmt::join(decision.meaning.units, ", ")));
    for (const auto& [heading, subjects] :
         {std::pair{"about", &decision.about}, std::pair{"changes", &decision.changes}}) {
        std::vector<std::string> parts;
        for (const model::Subject& subject : *subjects) parts.push_back(describe(subject));
        if (!parts.empty())
            line(text, heading, sys::printable_text(fmt::format("{}", fmt::join(parts, "; "))));
    }
    if (!decision.reason.empty()) line(text, "says", sys::printable_text(decision.reason));
    return text;
}

} // namespace disco::cli
