#include "runner/merge/journal.hpp"

#include "runner/merge/journal_lines.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <cerrno>
#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::merge {
namespace {

using nlohmann::json;

constexpr int format_version = 1;
constexpr const char* marker = "disco-journal"; ///< its value is the version

/// The lines of a file; one that the end of the file cuts off is left out.
class Lines {
public:
    explicit Lines(std::string text) : text_{std::move(text)} {}
    std::optional<std::string_view> next() {
        const std::size_t end = text_.find('\n', at_);
        if (end == std::string::npos) return std::nullopt;
        const std::string_view line = std::string_view{text_}.substr(at_, end - at_);
        at_ = end + 1;
        return line;
    }
    [[nodiscard]] bool rest_contains(std::string_view words) const {
        return std::string_view{text_}.substr(at_).find(words) != std::string_view::npos;
    }

private:
    std::string text_;
    std::size_t at_ = 0;
};

/// What the journal of a merge and a saved plan both have.
template <class Plan> struct Contents {
    JournalHeading heading;
    std::vector<JournalTree> trees;
    std::vector<Plan> plans;
    std::optional<timespec> planned;
};

template <class Plan> Contents<Plan> read_heading(const json& line) {
    Contents<Plan> contents;
    contents.heading = {line.at("run"), bytes_of(line.at("root")), line.at("disco_version"),
                        line.at("rolls_back"), std::chrono::seconds{line.value("confirm", 0)}};
    for (const json& tree : line.at("trees"))
        contents.trees.push_back({bytes_of(tree.at("prefix")),
                                  bytes_of(tree.at("live")),
                                  tree.at("aside"),
                                  {{}, moment_of(tree.at("atime")), moment_of(tree.at("mtime"))}});
    contents.plans.resize(contents.trees.size());
    return contents;
}

model::DirectoryTimes times_of(const json& line, const char* name) {
    return {bytes_of(line.at(name)), moment_of(line.at("atime")), moment_of(line.at("mtime"))};
}

void read_step(const json& line, model::PreparedPlan& plan) { plan.live.push_back(prepared_step_of(line)); }
void read_step(const json& line, model::MergePlan& plan) { plan.live.push_back(step_of(line)); }

/// False: it is another line.
template <class Plan> bool read_line(const json& line, Contents<Plan>& contents, std::size_t& steps) {
    if (line.contains("do")) {
        read_step(line, contents.plans.at(line.at("tree")));
        ++steps;
    } else if (line.contains("parent_after")) {
        contents.plans.at(line.at("tree")).parents_after.push_back(times_of(line, "parent_after"));
    } else if (line.contains("planned")) {
        if (line.at("steps") != steps) throw sys::Error{"steps are missing"};
        contents.planned = moment_of(line.at("planned"));
    } else {
        return false;
    }
    return true;
}

/// Lines that only the journal of a merge has. `record`: without what Contents has.
void read_merge_line(const json& line, Contents<model::PreparedPlan>& contents, JournalRecord& record) {
    if (line.contains("parent")) {
        model::DirectoryTimes parent = times_of(line, "parent");
        if (const auto ctime = line.find("ctime"); ctime != line.end()) // not in the first journals
            parent.ctime = moment_of(*ctime);
        contents.plans.at(line.at("tree")).parents_before.push_back(std::move(parent));
    } else if (line.contains("aside")) {
        contents.trees.at(line.at("tree")).staging_inode = line.at("aside");
    } else if (line.contains("committed")) {
        record.committed = moment_of(line.at("committed"));
    } else if (line.contains("not_kept")) {
        record.not_kept.push_back({line.at("tree"), bytes_of(line.at("not_kept"))});
    } else if (line.contains("dropped")) {
        record.dropped.insert(line.at("dropped").get<std::size_t>());
    } else if (line.contains("revoked")) {
        record.committed.reset();
    } else if (line.contains("undone")) {
        record.undone = true;
        if (const auto foreign = line.find("foreign"); foreign != line.end()) // not in the first journals
            for (const json& one : *foreign) record.foreign.push_back(bytes_of(one));
    } else {
        throw sys::Error{"a line that is not known"};
    }
}

/// `read_other(line, contents)`: of the lines that are not common. Throws as read_journal does.
template <class Plan, class ReadOther>
std::optional<Contents<Plan>> read_contents(const std::filesystem::path& path, const ReadOther& read_other) {
    Lines lines{sys::read_file(path)};
    const auto first = lines.next();
    if (!first) return std::nullopt;
    try {
        const json heading = json::parse(*first);
        const int version = heading.at(marker);
        if (version != format_version)
            throw sys::Error{fmt::format(
                "it is of version {}, and this disco reads version {}: use the disco that wrote it "
                "({})",
                version, format_version, heading.value("disco_version", "unknown"))};
        auto contents = read_heading<Plan>(heading);
        std::size_t steps = 0;
        while (const auto line = lines.next()) {
            const json value = json::parse(*line, nullptr, false);
            // A crash while the plan was written may leave anything, and nothing was done by it. The line
            // that ends the plan was written after all others were on disk.
            if (value.is_discarded() && !contents.planned && !lines.rest_contains(R"("planned":[)")) break;
            if (value.is_discarded()) throw sys::Error{"a line is no JSON"};
            if (!read_line(value, contents, steps)) read_other(value, contents);
        }
        return contents;
    } catch (const json::exception& error) {
        throw sys::Error{fmt::format("cannot read the journal '{}': {}", path.string(), error.what())};
    } catch (const sys::SysError&) {
        throw;
    } catch (const sys::Error& error) {
        throw sys::Error{fmt::format("cannot read the journal '{}': {}", path.string(), error.full_text())};
    }
}

void append(int file, const std::string& lines, const std::filesystem::path& path) {
    sys::write_all(file, lines, path);
    sys::check(::fsync(file), "sync", path);
}

} // namespace

Journal::Journal(const std::filesystem::path& path, const JournalHeading& heading,
                 const std::vector<JournalTree>& trees)
    : path_{path}, file_{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)} {
    if (!file_) throw sys::SysError{errno, "create the journal", path};
    json places = json::array();
    for (const JournalTree& tree : trees)
        places.push_back({{"prefix", to_json(tree.prefix)},
                          {"live", to_json(tree.live.native())},
                          {"aside", tree.staging},
                          {"atime", to_json(tree.top.atime)},
                          {"mtime", to_json(tree.top.mtime)}});
    write(json{{marker, format_version},
               {"run", heading.run},
               {"root", to_json(heading.root)},
               {"disco_version", heading.version},
               {"rolls_back", heading.rolls_back},
               {"confirm", heading.confirm.count()},
               {"trees", std::move(places)}}
              .dump() +
          "\n");
    sys::sync_directory(path.parent_path());
}

void Journal::staging_directories(const std::vector<JournalTree>& trees) {
    std::string lines;
    for (std::size_t tree = 0; tree < trees.size(); ++tree)
        if (trees[tree].staging_inode != 0)
            lines += json{{"aside", trees[tree].staging_inode}, {"tree", tree}}.dump() + "\n";
    if (!lines.empty()) write(lines);
}

void Journal::steps(const std::vector<model::PreparedPlan>& plans) { write_steps(plans); }
void Journal::steps(const std::vector<model::MergePlan>& plans) { write_steps(plans); }

template <class Plan> void Journal::write_steps(const std::vector<Plan>& plans) {
    std::string lines;
    const auto write_some = [&] {
        constexpr std::size_t at_once = std::size_t{1} << 20;
        if (lines.size() < at_once) return;
        sys::write_all(file_.get(), lines, path_);
        lines.clear();
    };
    for (std::size_t tree = 0; tree < plans.size(); ++tree) {
        for (const auto& step : plans[tree].live) {
            append_line(lines, step, tree);
            write_some();
        }
        const auto add_times = [&](const char* name, const std::vector<model::DirectoryTimes>& directories) {
            for (const model::DirectoryTimes& directory : directories) {
                json line = {{name, to_json(directory.path)},
                             {"atime", to_json(directory.atime)},
                             {"mtime", to_json(directory.mtime)},
                             {"tree", tree}};
                if (directory.ctime) line["ctime"] = to_json(*directory.ctime);
                lines += line.dump();
                lines += '\n';
                write_some();
            }
        };
        if constexpr (std::is_same_v<Plan, model::PreparedPlan>)
            add_times("parent", plans[tree].parents_before);
        add_times("parent_after", plans[tree].parents_after);
        steps_ += plans[tree].live.size();
    }
    sys::write_all(file_.get(), lines, path_);
}

void Journal::planned(const timespec& moment) {
    sys::check(::fsync(file_.get()), "sync", path_); // before the line that vouches for them
    write(json{{"planned", to_json(moment)}, {"steps", steps_}}.dump() + "\n");
}

void Journal::commit(const timespec& moment) {
    const off_t before = sys::check(::lseek(file_.get(), 0, SEEK_END), "find the end of", path_);
    try {
        write(json{{"committed", to_json(moment)}}.dump() + "\n");
    } catch (const sys::Error&) {
        // The merge is going to be taken back, so nothing may say otherwise.
        sys::check(::ftruncate(file_.get(), before), "shorten", path_);
        throw;
    }
}

void Journal::write(const std::string& lines) { append(file_.get(), lines, path_); }

std::optional<JournalRecord> read_journal(const std::filesystem::path& path) {
    JournalRecord record;
    auto contents = read_contents<model::PreparedPlan>(
        path, [&](const json& line, auto& read) { read_merge_line(line, read, record); });
    if (!contents) return std::nullopt;
    record.heading = std::move(contents->heading);
    record.trees = std::move(contents->trees);
    record.plans = std::move(contents->plans);
    record.planned = contents->planned;
    return record;
}

std::optional<SavedPlan> read_saved_plan(const std::filesystem::path& path) {
    auto contents = read_contents<model::MergePlan>(
        path, [](const json&, auto&) { throw sys::Error{"a line that is not known"}; });
    if (!contents || !contents->planned) return std::nullopt;
    return SavedPlan{std::move(contents->heading), std::move(contents->trees), std::move(contents->plans),
                     *contents->planned};
}

std::optional<timespec> read_committed(const std::filesystem::path& path) {
    const std::string text = sys::read_file(path);
    const std::size_t line = text.rfind("\n{\"committed\":[");
    const std::size_t end = line == std::string::npos ? line : text.find('\n', line + 1);
    if (end == std::string::npos) return std::nullopt;
    const json value = json::parse(text.substr(line, end - line), nullptr, false);
    const auto moment = value.is_object() ? value.find("committed") : value.end();
    if (moment == value.end() || moment->size() != 2) return std::nullopt;
    return moment_of(*moment);
}

namespace {

void add_lines(const std::filesystem::path& journal, const std::string& lines) {
    const std::string text = sys::read_file(journal);
    const sys::UniqueFd file{::open(journal.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)};
    if (!file) throw sys::SysError{errno, "open the journal", journal};
    // A crash may have cut the last line off.
    sys::check(::ftruncate(file.get(), static_cast<off_t>(text.rfind('\n') + 1)), "shorten", journal);
    append(file.get(), lines, journal);
}
void add_line(const std::filesystem::path& journal, const json& line) {
    add_lines(journal, line.dump() + "\n");
}

} // namespace

void note_undone(const std::filesystem::path& journal, const std::vector<std::string>& foreign) {
    json lines = json::array();
    for (const std::string& one : foreign) lines.push_back(to_json(one));
    add_line(journal, {{"undone", true}, {"foreign", std::move(lines)}});
}

void note_not_kept(const std::filesystem::path& journal, std::size_t tree,
                   const std::vector<LostOriginal>& not_kept) {
    std::string lines;
    for (const LostOriginal& one : not_kept)
        lines +=
            json{{"not_kept", to_json(one.source)}, {"why", to_json(one.why)}, {"tree", tree}}.dump() + "\n";
    if (!lines.empty()) add_lines(journal, lines);
}

void note_dropped(const std::filesystem::path& journal, std::size_t tree) {
    add_line(journal, {{"dropped", tree}});
}

void note_revoked(const std::filesystem::path& journal) { add_line(journal, {{"revoked", true}}); }

void note_committed_again(const std::filesystem::path& record, const timespec& moment) {
    add_line(record, {{"committed", to_json(moment)}});
}

} // namespace disco::merge
