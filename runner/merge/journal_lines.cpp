#include "runner/merge/journal_lines.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/json_string.hpp"
#include "runner/sys/printable.hpp"

#include <cstdint>
#include <iterator>
#include <memory>

#include <fmt/compile.h>
#include <fmt/format.h>

namespace disco::merge {
namespace {

using nlohmann::json;

int nibble(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    throw sys::Error{fmt::format("'{}' is no hexadecimal digit", digit)};
}

model::ObjectSource source_of(const json& value) {
    return {value.at("where") == "layer" ? model::ObjectSource::Location::layer
                                         : model::ObjectSource::Location::staging,
            bytes_of(value.at("path"))};
}

model::Stamp stamp_of(const json& value) {
    model::Stamp stamp;
    stamp.inode = value.at(0);
    stamp.size = value.at(1);
    stamp.mtime = {.tv_sec = value.at(2), .tv_nsec = value.at(3)};
    stamp.ctime = {.tv_sec = value.at(4), .tv_nsec = value.at(5)};
    stamp.mode = value.at(6);
    stamp.uid = value.at(7);
    stamp.gid = value.at(8);
    return stamp;
}

model::SourceMark mark_of(const json& source) {
    const auto value = source.find("mark");
    if (value == source.end()) return {}; // as of the first versions
    return {.known = true,
            .size = value->at(0),
            .mtime = {.tv_sec = value->at(1), .tv_nsec = value->at(2)},
            .born = {.tv_sec = value->at(3), .tv_nsec = value->at(4)}};
}

json to_json(const model::Metadata& metadata) {
    json xattrs = json::array();
    for (const auto& [name, value] : metadata.xattrs)
        xattrs.push_back(json::array({merge::to_json(name), merge::to_json(value)}));
    return {{"mode", metadata.mode},
            {"uid", metadata.uid},
            {"gid", metadata.gid},
            {"atime", merge::to_json(metadata.atime)},
            {"mtime", merge::to_json(metadata.mtime)},
            {"xattrs", std::move(xattrs)},
            {"flags", metadata.flags ? json(*metadata.flags) : json{}}};
}

model::Metadata metadata_of(const json& value) {
    model::Metadata metadata{value.at("mode"),
                             value.at("uid"),
                             value.at("gid"),
                             moment_of(value.at("atime")),
                             moment_of(value.at("mtime")),
                             {}};
    for (const json& pair : value.at("xattrs"))
        metadata.xattrs.emplace_back(bytes_of(pair.at(0)), bytes_of(pair.at(1)));
    if (const json& flags = value.at("flags"); !flags.is_null()) metadata.flags = flags.get<unsigned>();
    return metadata;
}

/// Appends lines to a text without a string for each of their values: there may be very many lines.
class LineWriter {
public:
    explicit LineWriter(std::string& out) : out_{out} {}

    /// `Step`: planned or prepared.
    template <class Step> void write(const Step& step, std::size_t tree) {
        put(FMT_COMPILE(R"({{"tree":{},"path":)"), tree);
        text(model::path_of(step));
        std::visit(*this, step);
        out_ += "}\n";
    }

    void operator()(const model::PutNew& step) { put_new(step, not_known); }
    void operator()(const model::PreparedPut& step) { put_new(step, step.inode, step.mark); }
    void operator()(const model::Exchange& step) { exchange(step, not_known); }
    void operator()(const model::PreparedExchange& step) { exchange(step, step.inode, step.mark); }
    void operator()(const model::Remove& step) {
        out_ += R"(,"do":"remove","kept_as":)";
        text(step.kept_as);
        expected(step.expected);
    }
    void operator()(const model::SetMetadata& step) { metadata(step, step.given.get()); }
    void operator()(const model::PreparedMetadata& step) { metadata(step, step.change.get()); }

private:
    template <class Format, class... Values> void put(const Format& format, const Values&... values) {
        fmt::format_to(std::back_inserter(out_), format, values...);
    }
    /// Most paths are plain. The library spells the others, and what is no UTF-8 is no string at all.
    void text(std::string_view bytes) {
        if (!sys::append_plain_json_string(out_, bytes)) out_ += merge::to_json(bytes).dump();
    }
    void put_new(const model::PutNew& step, std::uint64_t inode, const model::SourceMark& mark = {}) {
        out_ += R"(,"do":"put","from":)";
        source(step.from, inode, mark);
    }
    void exchange(const model::Exchange& step, std::uint64_t inode, const model::SourceMark& mark = {}) {
        out_ += R"(,"do":"exchange","from":)";
        source(step.from, inode, mark);
        expected(step.expected);
    }
    void metadata(const model::SetMetadata& step, const model::MetadataChange* change) {
        out_ += R"(,"do":"metadata","like":)";
        source(step.like, not_known, {});
        expected(step.expected);
        put(FMT_COMPILE(R"(,"flags":{})"), step.flags);
        if (change != nullptr)
            put(FMT_COMPILE(R"(,"before":{},"after":{})"), to_json(change->before).dump(),
                to_json(change->after).dump());
    }
    void source(const model::ObjectSource& source, std::uint64_t inode, const model::SourceMark& mark) {
        out_ += source.where == model::ObjectSource::Location::layer ? R"({"where":"layer","path":)"
                                                                     : R"({"where":"staging","path":)";
        text(source.path);
        put(FMT_COMPILE(R"(,"inode":{})"), inode);
        if (mark.known)
            put(FMT_COMPILE(R"(,"mark":[{},{},{},{},{}])"), mark.size, mark.mtime.tv_sec, mark.mtime.tv_nsec,
                mark.born.tv_sec, mark.born.tv_nsec);
        out_ += '}';
    }
    void expected(const model::Stamp& stamp) {
        put(FMT_COMPILE(R"(,"expected":[{},{},{},{},{},{},{},{},{}])"), stamp.inode, stamp.size,
            stamp.mtime.tv_sec, stamp.mtime.tv_nsec, stamp.ctime.tv_sec, stamp.ctime.tv_nsec, stamp.mode,
            stamp.uid, stamp.gid);
    }

    static constexpr std::uint64_t not_known = 0; ///< an inode, of what is not prepared

    std::string& out_;
};

model::PutNew put_of(const json& value) { return {bytes_of(value.at("path")), source_of(value.at("from"))}; }
model::Exchange exchange_of(const json& value) {
    return {bytes_of(value.at("path")), source_of(value.at("from")), stamp_of(value.at("expected"))};
}
model::Remove remove_of(const json& value) {
    return {bytes_of(value.at("path")), stamp_of(value.at("expected")), value.at("kept_as")};
}
model::SetMetadata set_of(const json& value) {
    return {bytes_of(value.at("path")), source_of(value.at("like")), stamp_of(value.at("expected")),
            value.at("flags"), nullptr};
}
std::shared_ptr<const model::MetadataChange> change_of(const json& value) {
    return std::make_shared<const model::MetadataChange>(
        model::MetadataChange{metadata_of(value.at("before")), metadata_of(value.at("after"))});
}

[[noreturn]] void refuse_step(const std::string& what) {
    throw sys::Error{fmt::format("there is no step '{}'", what)};
}

} // namespace

json to_json(std::string_view bytes) {
    if (sys::is_utf8(bytes)) return bytes;
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    return {{"hex", std::move(hex)}};
}

std::string bytes_of(const json& value) {
    if (value.is_string()) return value;
    const std::string hex = value.at("hex");
    if (hex.size() % 2 != 0) throw sys::Error{"an odd number of hexadecimal digits"};
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(nibble(hex[i]) * 16 + nibble(hex[i + 1]));
    return bytes;
}

json to_json(const timespec& moment) { return json::array({moment.tv_sec, moment.tv_nsec}); }

timespec moment_of(const json& value) { return {.tv_sec = value.at(0), .tv_nsec = value.at(1)}; }

void append_line(std::string& lines, const model::PreparedStep& step, std::size_t tree) {
    LineWriter{lines}.write(step, tree);
}
void append_line(std::string& lines, const model::LiveStep& step, std::size_t tree) {
    LineWriter{lines}.write(step, tree);
}

model::PreparedStep prepared_step_of(const json& value) {
    const std::string what = value.at("do");
    const auto inode = [&]() -> std::uint64_t { return value.at("from").at("inode"); };
    if (what == "put") return model::PreparedPut{put_of(value), inode(), mark_of(value.at("from"))};
    if (what == "exchange")
        return model::PreparedExchange{exchange_of(value), inode(), mark_of(value.at("from"))};
    if (what == "remove") return remove_of(value);
    if (what == "metadata") return model::PreparedMetadata{set_of(value), change_of(value)};
    refuse_step(what);
}

model::LiveStep step_of(const json& value) {
    const std::string what = value.at("do");
    if (what == "put") return put_of(value);
    if (what == "exchange") return exchange_of(value);
    if (what == "remove") return remove_of(value);
    if (what != "metadata") refuse_step(what);
    model::SetMetadata step = set_of(value);
    if (value.contains("before")) step.given = change_of(value);
    return step;
}

} // namespace disco::merge
