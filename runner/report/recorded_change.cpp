#include "runner/report/recorded_change.hpp"

#include "runner/model/words.hpp"
#include "runner/report/json_values.hpp"
#include "runner/sys/inode_flags.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/text_number.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>
#include <limits>

#include <sys/sysmacros.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace disco::report {
namespace {

using nlohmann::json;

std::string rfc3339(const timespec& time) {
    std::tm parts = {};
    ::gmtime_r(&time.tv_sec, &parts);
    std::array<char, 32> text = {};
    text[std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts)] = '\0';
    return fmt::format("{}.{:09}Z", text.data(), time.tv_nsec);
}

/// Readable values as they are, others in hexadecimal.
std::string shown_value(const std::string& value) {
    if (sys::printable(value) == value && !value.starts_with("0x")) return value;
    std::string text = "0x";
    for (const char c : value)
        fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(c));
    return text;
}

std::optional<RecordedState> recorded(const std::optional<model::ObjectState>& state,
                                      const std::string& owner, const std::string& group) {
    if (!state) return std::nullopt;
    using model::ObjectType;
    RecordedState made;
    made.mode = state->mode;
    made.uid = state->uid;
    made.gid = state->gid;
    made.owner = owner;
    made.group = group;
    made.size = state->size;
    made.mtime = rfc3339(state->mtime);
    if (state->sha256) made.sha256 = sys::hex(*state->sha256);
    if (state->type == ObjectType::symlink) made.target = state->target;
    if (state->type == ObjectType::block_device || state->type == ObjectType::character_device)
        made.rdev = fmt::format("{}:{}", major(state->rdev), minor(state->rdev));
    made.flags = sys::inode_flags_text(state->flags);
    if (!state->linked_to.empty()) made.linked_to = state->linked_to;
    for (const auto& [name, value] : state->xattrs) made.xattrs.emplace_back(name, shown_value(value));
    return made;
}

/// The members of one object of a document, each as what it has to be.
class Members {
public:
    /// `name`: of the object, with a point at its end, for messages; empty: it is the whole.
    Members(const json& object, std::string name) : object_{object}, name_{std::move(name)} {
        if (!object.is_object())
            throw DamagedChange{name_.substr(0, name_.empty() ? 0 : name_.size() - 1), "it is no object"};
    }

    [[nodiscard]] const json& at(const char* key) const {
        const auto member = object_.find(key);
        if (member == object_.end()) refuse(key, "it is missing");
        return *member;
    }
    [[nodiscard]] std::string text(const char* key) const { return text(key, at(key)); }
    [[nodiscard]] std::optional<std::string> text_or_null(const char* key) const {
        const json& value = at(key);
        return value.is_null() ? std::nullopt : std::optional{text(key, value)};
    }
    /// One that reports of the first versions lacked.
    [[nodiscard]] std::optional<std::string> later_text(const char* key) const {
        return object_.contains(key) ? text_or_null(key) : std::nullopt;
    }
    [[nodiscard]] bool yes_or_no(const char* key) const {
        const json& value = at(key);
        if (!value.is_boolean()) refuse(key, "it is neither true nor false");
        return value.get<bool>();
    }
    template <class Number> [[nodiscard]] Number number(const char* key) const {
        const json& value = at(key);
        if (!value.is_number_unsigned()) refuse(key, "it is no whole number");
        const auto number = value.get<std::uint64_t>();
        if (number > std::numeric_limits<Number>::max()) refuse(key, "it is too large");
        return static_cast<Number>(number);
    }
    [[nodiscard]] mode_t mode(const char* key) const {
        const auto bits = sys::octal_in<mode_t>(text(key), 07777);
        if (!bits) refuse(key, "it is no mode, such as 0644");
        return *bits;
    }
    template <class Value> [[nodiscard]] Value word(const char* key) const {
        const std::string word = text(key);
        const auto value = model::value_of<Value>(word);
        if (!value) refuse(key, fmt::format("the word '{}' is not known", sys::printable(word)));
        return *value;
    }
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> named_texts(const char* key) const {
        const json& value = at(key);
        if (!value.is_object()) refuse(key, "it is no object");
        std::vector<std::pair<std::string, std::string>> texts;
        for (const auto& [name, one] : value.items()) texts.emplace_back(bytes_of_name(name), text(key, one));
        std::sort(texts.begin(), texts.end()); // JSON's names may have another order than the bytes
        return texts;
    }
    /// False where it is missing.
    [[nodiscard]] bool later_yes(const char* key) const { return object_.contains(key) && yes_or_no(key); }
    [[nodiscard]] std::optional<RecordedState> state(const char* key) const;
    [[noreturn]] void refuse(const char* key, std::string_view fault) const {
        throw DamagedChange{name_ + key, fault};
    }

private:
    [[nodiscard]] std::string text(const char* key, const json& value) const {
        if (!value.is_string()) refuse(key, "it is no text");
        return value.get<std::string>();
    }

    const json& object_;
    std::string name_;
};

std::optional<std::string> bytes_of(const std::optional<std::string>& name) {
    return name ? std::optional{bytes_of_name(*name)} : std::nullopt;
}

std::optional<RecordedState> Members::state(const char* key) const {
    const json& value = at(key);
    if (value.is_null()) return std::nullopt;
    const Members members{value, name_ + key + "."};
    RecordedState state;
    state.mode = members.mode("mode");
    state.uid = members.number<uid_t>("uid");
    state.gid = members.number<gid_t>("gid");
    state.owner = members.text("owner");
    state.group = members.text("group");
    state.size = members.number<std::uint64_t>("size");
    state.mtime = members.text("mtime");
    state.sha256 = members.text_or_null("sha256");
    state.target = bytes_of(members.text_or_null("target"));
    state.rdev = members.text_or_null("rdev");
    state.flags = members.later_text("flags").value_or("");
    state.linked_to = bytes_of(members.later_text("linked_to"));
    state.xattrs = members.named_texts("xattrs");
    return state;
}

} // namespace

DamagedChange::DamagedChange(std::string key, std::string_view fault)
    : BadConfiguration{key.empty() ? fmt::format("a recorded change is damaged: {}", fault)
                                   : fmt::format("a recorded change is damaged: '{}': {}", key, fault)},
      key_{std::move(key)} {}

RecordedChange recorded(const model::Change& change, std::string_view package) {
    return {.path = change.path,
            .kind = change.kind,
            .type = (change.after ? change.after : change.before)->type,
            .before = recorded(change.before, change.before_owner, change.before_group),
            .after = recorded(change.after, change.after_owner, change.after_group),
            .diff = change.diff,
            .binary = change.binary,
            .redacted = change.redacted,
            .package = std::string{package},
            .delivered = false};
}

RecordedChange read_change(std::string_view text) {
    const json value = json::parse(text, nullptr, false);
    if (value.is_discarded()) throw DamagedChange{{}, "it is no JSON"};
    return change_of(value);
}

RecordedChange change_of(const json& value) {
    const Members members{value, {}};
    RecordedChange change;
    change.path = bytes_of_name(members.text("path"));
    change.kind = members.word<model::ChangeKind>("kind");
    change.type = members.word<model::ObjectType>("type");
    change.before = members.state("before");
    change.after = members.state("after");
    change.diff = members.text_or_null("diff").value_or("");
    change.binary = members.yes_or_no("binary");
    change.redacted = members.yes_or_no("redacted");
    change.package = members.later_text("package").value_or("");
    change.delivered = members.later_yes("delivered");
    using Kind = model::ChangeKind;
    if (!change.before && change.kind != Kind::created) members.refuse("before", "it is missing");
    if (!change.after && change.kind != Kind::deleted) members.refuse("after", "it is missing");
    return change;
}

} // namespace disco::report
