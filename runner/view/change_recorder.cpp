#include "runner/view/change_recorder.hpp"

#include "runner/merge/preparation.hpp"
#include "runner/model/action_queue.hpp"
#include "runner/overlay/way_above.hpp"
#include "runner/run/stopwatch.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"

#include <fcntl.h>

#include <fmt/format.h>

namespace disco::view {
namespace {

/// A tree need not have the file, and a script may have made something else of it; then there are no names.
std::string text_in(int root, const char* path) {
    const auto file = sys::try_open_regular_in_root(root, path);
    return file ? sys::read_all(file.get(), path, std::size_t{64} << 20) : std::string{};
}

} // namespace

ChangeRecorder::ChangeRecorder(overlay::Layers& layers, report::ChangeLog& log, Use use,
                               const timespec& started, Redacted redacted)
    : layers_{layers},
      log_{log},
      use_{use},
      started_{started},
      redacted_{redacted},
      compositions_(layers.managed().size()),
      owned_by_packages_{layers},
      packages_{layers, owned_by_packages_} {}

void ChangeRecorder::read_owners(int root) {
    if (root < 0) return; // the sandbox was killed: that is reported, not this
    std::string passwd = text_in(root, "/etc/passwd"), group = text_in(root, "/etc/group");
    owners_before_ = owners_;
    if (passwd == passwd_ && group == group_) return;
    const bool first = passwd_.empty() && group_.empty();
    owners_ = model::OwnerNames{passwd, group};
    if (first) owners_before_ = owners_;
    passwd_ = std::move(passwd);
    group_ = std::move(group);
}

bool ChangeRecorder::record(model::ModuleReport& report, const std::set<std::string>& delivered) {
    const run::Stopwatch watch;
    bool times = false;
    layers_.check_mounts();
    report.first_change = log_.size();
    owned_by_packages_.begin_layer();
    report.packages = packages_.read_layer();
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
        if (!layers_.has_upper(mount)) continue;
        if (layers_.is_in_memory(mount))
            record_runtime(mount, report);
        else
            times |= record_changes(mount, report, delivered);
    }
    report.steps.push_back(watch.step(model::Phase::diff, "diff"));
    times_set_ = times_set_ || times;
    return times || report.changes() != 0 || !runtime_.empty();
}

overlay::LayerToScan ChangeRecorder::begun_layer(std::size_t mount) const {
    const overlay::WayAbove above = overlay::way_above(layers_, mount);
    return {.live = layers_.managed()[mount].live,
            .prefix = layers_.managed()[mount].inside,
            .upper = layers_.upper(mount),
            .base = layers_.base(mount),
            .public_before = above.before,
            .public_after = above.after,
            .shows_redacted = redacted_ == Redacted::shown,
            .owners_before = &owners_before_,
            .owners_after = &owners_,
            .started = started_,
            .with_times = !layers_.is_in_memory(mount)};
}

bool ChangeRecorder::record_changes(std::size_t mount, model::ModuleReport& report,
                                    const std::set<std::string>& delivered) {
    const std::filesystem::path upper = layers_.upper(mount);
    const std::string& inside = layers_.managed()[mount].inside;
    return overlay::scan_layer(begun_layer(mount), compositions_[mount], [&](model::Change&& change) {
        ++report.change_counts[static_cast<std::size_t>(change.kind)];
        add_to_fingerprint(change);
        if (on_path_) on_path_(change.path);
        unit_files_changed_ = unit_files_changed_ || model::is_unit_file(change.path);
        report::RecordedChange recorded =
            report::recorded(change, packages_.package_of(change, upper, inside));
        recorded.delivered = delivered.contains(change.path);
        log_.append(recorded);
        begin_write_back(change, mount);
    });
}

/// The machine works in /run all the time: what it renames or removes there meanwhile is no conflict.
void ChangeRecorder::record_runtime(std::size_t mount, model::ModuleReport& report) {
    overlay::LayerToScan layer = begun_layer(mount);
    layer.started = {};
    (void)overlay::scan_layer(layer, compositions_[mount],
                              [&](model::Change&& change) { runtime_.note(change, report); });
}

std::string ChangeRecorder::put_runtime_files(const std::filesystem::path& record) const {
    if (runtime_.empty()) return {};
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount)
        if (layers_.is_in_memory(mount)) return runtime_.put_in_place(layers_.base(mount), started_, record);
    return {};
}

/// The disk can work while a large layer is read.
void ChangeRecorder::begin_write_back(const model::Change& change, std::size_t mount) {
    constexpr std::uint64_t a_file = 16 << 10, much = 16 << 20; // a file's inode and place cost as much
    if (use_ != Use::merge || !change.after) return;
    unwritten_ += a_file + change.after->size;
    if (unwritten_ < much) return;
    write_back_.begin(layers_.upper(mount));
    unwritten_ = 0;
}

/// Path, kind and what is there afterwards, without times, which differ from run to run.
void ChangeRecorder::add_to_fingerprint(const model::Change& change) {
    any_ = true;
    std::string text = fmt::format("{}\n{}\n", change.path, model::to_string(change.kind));
    text += '\0';
    if (change.after) {
        const model::ObjectState& after = *change.after;
        text += fmt::format("{} {:o} {} {} {} {} {}", model::to_string(after.type), after.mode, after.uid,
                            after.gid, after.size, after.rdev, after.sha256 ? sys::hex(*after.sha256) : "");
        text += std::string(1, 0) + after.target;
        if (after.flags != 0) text += fmt::format(" flags {:x}", after.flags);
        if (!after.linked_to.empty()) text += " linked to " + after.linked_to;
        for (const auto& [name, value] : after.xattrs)
            text.append(1, '\0').append(name).append(1, '\0').append(value);
    }
    fingerprint_.update(text);
}

/// What is run, where and on what. Not with which environment: much of it is of this run alone.
void ChangeRecorder::add_to_fingerprint(const model::Action& action) {
    any_ = true;
    std::string text = "action";
    for (const std::string& word : action.argv) text.append(1, '\0').append(word);
    text.append("\nin ").append(action.context.directory);
    if (action.context.input) text.append("\non ").append(sys::hex(sys::sha256(*action.context.input)));
    fingerprint_.update(text + '\0');
}

std::string ChangeRecorder::fingerprint(std::vector<model::ModuleReport>& modules) {
    const std::vector<model::Action*> asked = model::actions_of(modules);
    for (const std::size_t i : model::plan_actions({asked.begin(), asked.end()}).order)
        add_to_fingerprint(*asked[i]);
    return any_ ? sys::hex(fingerprint_.finish()) : std::string{};
}

std::string ChangeRecorder::first_below(const std::string& directory) const {
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
        const std::string& inside = layers_.managed()[mount].inside;
        if (layers_.is_in_memory(mount) || !(directory + "/").starts_with(inside + "/")) continue;
        const std::string below = directory.size() > inside.size() ? directory.substr(inside.size() + 1) : "";
        const auto range = compositions_[mount].inside(below);
        for (auto entry = range.begin; entry != range.end; ++entry)
            if (entry->second.kind != model::ComposedEntry::Kind::absent) return inside + "/" + entry->first;
    }
    return {};
}

void ChangeRecorder::expect_merge() const {
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
        const auto layer = layers_.base(mount);
        const overlay::ClassifiedMount& managed = layers_.managed()[mount];
        if (layers_.is_in_memory(mount) || compositions_[mount].empty() ||
            merge::on_one_mount(managed.live, layer))
            continue;
        merge::expect_copies(model::plan_merge(compositions_[mount]), managed.inside, managed.live, layer);
    }
}

std::vector<merge::TreeToMerge> ChangeRecorder::trees() {
    layers_.check_mounts();
    write_back_.finish();
    std::vector<merge::TreeToMerge> trees;
    for (std::size_t mount = 0; mount < layers_.managed().size(); ++mount) {
        if (layers_.is_in_memory(mount)) continue;
        trees.push_back({.live = layers_.managed()[mount].live,
                         .prefix = layers_.managed()[mount].inside,
                         .plan = model::plan_merge(compositions_[mount]),
                         .layer = layers_.base(mount),
                         .kept = {}});
    }
    return trees;
}

} // namespace disco::view
