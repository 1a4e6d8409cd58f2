#include "runner/run/saved_actions.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/text_number.hpp"

#include <array>
#include <optional>

#include <fmt/format.h>

namespace disco::run {
namespace {

using model::ServiceVerb;

constexpr std::string_view heading = "disco actions 1\n";
/// As they are written: a new one goes to the end.
constexpr std::array verbs = {ServiceVerb::none,
                              ServiceVerb::anything,
                              ServiceVerb::start,
                              ServiceVerb::stop,
                              ServiceVerb::restart,
                              ServiceVerb::try_restart,
                              ServiceVerb::reload,
                              ServiceVerb::reload_or_restart,
                              ServiceVerb::try_reload_or_restart,
                              ServiceVerb::daemon_reload,
                              ServiceVerb::end_machine,
                              ServiceVerb::is_active,
                              ServiceVerb::is_failed,
                              ServiceVerb::status,
                              ServiceVerb::show};

std::size_t number_of(ServiceVerb verb) {
    for (std::size_t i = 0; i < verbs.size(); ++i)
        if (verbs.at(i) == verb) return i;
    throw sys::Error{"an action's verb has no number to be saved by"};
}

/// "LENGTH:BYTES," for a text, "NUMBER;" for a number.
class Encoder {
public:
    void add(std::size_t number) { text += fmt::format("{};", number); }
    void add(std::string_view bytes) {
        text.append(fmt::format("{}:", bytes.size())).append(bytes).append(",");
    }
    void add(const std::vector<std::string>& list) {
        add(list.size());
        for (const std::string& one : list) add(one);
    }
    std::string text{heading};
};

class Decoder {
public:
    explicit Decoder(std::string_view bytes) : rest_{bytes} {
        if (!rest_.starts_with(heading)) refuse();
        rest_.remove_prefix(heading.size());
    }
    std::size_t number(char end = ';') {
        const auto value = sys::take_number<std::size_t>(rest_);
        if (!value || !rest_.starts_with(end)) refuse();
        rest_.remove_prefix(1);
        return *value;
    }
    std::string text() {
        const std::size_t length = number(':');
        if (length >= rest_.size() || rest_[length] != ',') refuse();
        std::string value{rest_.substr(0, length)};
        rest_.remove_prefix(length + 1);
        return value;
    }
    std::vector<std::string> list() {
        std::vector<std::string> values;
        for (std::size_t left = number(); left > 0; --left) values.push_back(text());
        return values;
    }
    void end() const {
        if (!rest_.empty()) refuse();
    }
    [[noreturn]] static void refuse() {
        throw sys::BadConfiguration{"the plan's actions are damaged, or of another version of disco"};
    }

private:
    std::string_view rest_;
};

} // namespace

std::string encode_actions(const std::vector<model::ModuleReport>& modules) {
    Encoder encoder;
    encoder.add(modules.size());
    for (const model::ModuleReport& module : modules) {
        encoder.add(module.name);
        encoder.add(module.actions.size());
        for (const model::Action& action : module.actions) {
            encoder.add(action.argv);
            encoder.add(action.context.directory);
            encoder.add(action.context.umask);
            encoder.add(action.context.environment);
            encoder.add(action.context.input ? 1U : 0U);
            encoder.add(action.context.input.value_or(""));
            encoder.add(number_of(action.meaning.verb));
            encoder.add(action.meaning.units);
        }
    }
    return std::move(encoder.text);
}

void decode_actions(std::string_view bytes, std::vector<model::ModuleReport>& modules) {
    Decoder decoder{bytes};
    if (decoder.number() != modules.size()) Decoder::refuse();
    for (model::ModuleReport& module : modules) {
        if (decoder.text() != module.name) Decoder::refuse();
        module.actions.clear();
        for (std::size_t left = decoder.number(); left > 0; --left) {
            model::Action& action = module.actions.emplace_back();
            action.argv = decoder.list();
            if (action.argv.empty()) Decoder::refuse();
            action.context.directory = decoder.text();
            action.context.umask = static_cast<mode_t>(decoder.number() & 0777U);
            action.context.environment = decoder.list();
            const bool has_input = decoder.number() != 0;
            std::string input = decoder.text();
            if (has_input) action.context.input = std::move(input);
            const std::size_t verb = decoder.number();
            if (verb >= verbs.size()) Decoder::refuse();
            action.meaning.verb = verbs.at(verb);
            action.meaning.units = decoder.list();
        }
    }
    decoder.end();
}

} // namespace disco::run
