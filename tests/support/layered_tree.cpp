#include "tests/support/layered_tree.hpp"

#include "runner/merge/rollback_plan.hpp"
#include "runner/overlay/completion.hpp"
#include "runner/overlay/upperdir_scan.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/moment.hpp"
#include "runner/sys/program.hpp"

#include <sys/mount.h>

#include <fmt/format.h>

namespace disco::tests {
namespace {

namespace fs = std::filesystem;
using overlay::Layers;
namespace place = overlay::place;

fs::path prepared(const fs::path& scratch) {
    fs::path directory = scratch / "layers";
    fs::create_directories(directory);
    return directory;
}

/// Mounts as the sandbox does: relative names, from within the layers' directory.
class View {
public:
    View(const fs::path& directory, const overlay::OverlayOptions& options) {
        const fs::path before = fs::current_path();
        fs::current_path(directory);
        mount("tmpfs", place::ground, "tmpfs", "mode=0755");
        for (const char* name : {place::skeleton, place::nothing, place::live, place::view})
            fs::create_directory(name);
        if (!options.live.empty()) mount("overlay", place::live, "overlay", options.live.c_str());
        mount("overlay", place::view, "overlay", options.top.c_str());
        fs::current_path(before);
    }
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    ~View() {
        for (auto target = mounted_.rbegin(); target != mounted_.rend(); ++target)
            ::umount2(target->c_str(), MNT_DETACH);
    }

private:
    void mount(const char* source, const char* target, const char* type, const char* options) {
        sys::check(::mount(source, target, type, 0, options), "mount", target);
        mounted_.emplace_back(target);
    }
    std::vector<std::string> mounted_;
};

} // namespace

void run_bash(const fs::path& directory, const std::string& script) {
    const sys::ProgramResult result =
        sys::run_program({.argv = {"/bin/bash", "-c", "cd \"$0\" && " + script, directory},
                          .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                          .input = {},
                          .timeout = std::chrono::seconds{60}});
    if (!result.succeeded()) throw sys::Error{fmt::format("the test's script fails: {}", result.error)};
}

LayeredTree::LayeredTree(fs::path live, fs::path scratch)
    : live_{std::move(live)},
      scratch_{std::move(scratch)},
      layers_{prepared(scratch_), {{.kind = overlay::MountClass::managed, .inside = "", .live = live_}}},
      started_{sys::passed_moment()} {}

std::vector<model::Change> LayeredTree::layer(const std::function<void(const fs::path&)>& work) {
    layers_.begin();
    sys::UniqueFd root;
    {
        const View view{layers_.directory(), layers_.options(0, layers_.on())};
        work(place::view);
        root = sys::open_directory(place::view);
    }
    // The mount lives on by its descriptor; /proc is there again.
    overlay::complete_layer({root.get(), layers_.upper(0), layers_.work(0), ""});
    root.reset();
    const model::OwnerNames nobody;
    std::vector<model::Change> changes;
    const overlay::LayerToScan scanned = {.live = live_,
                                          .prefix = "",
                                          .upper = layers_.upper(0),
                                          .base = layers_.base(0),
                                          .owners_before = &nobody,
                                          .owners_after = &nobody,
                                          .started = started_};
    overlay::scan_layer(scanned, composition_,
                        [&](model::Change&& change) { changes.push_back(std::move(change)); });
    if (changes.empty())
        layers_.drop();
    else
        layers_.keep();
    return changes;
}

std::vector<model::Change> LayeredTree::layer(const std::string& script) {
    return layer([&](const fs::path& view) { run_bash(view, script); });
}

model::MergeReport LayeredTree::merge() {
    fs::create_directory(scratch_ / "undo");
    return merge::merge({{.live = live_,
                          .prefix = "",
                          .plan = model::plan_merge(composition_),
                          .layer = layers_.base(0),
                          .kept = {}}},
                        merge::UndoStore{scratch_ / "undo"},
                        {.run = "run", .root = live_, .version = "0", .rolls_back = ""}, started_);
}

model::MergeReport LayeredTree::roll_back(const std::string& run, const std::string& by,
                                          const std::vector<std::string>& globs) {
    const merge::UndoStore store{scratch_ / "undo"};
    model::PathGlobs keep{globs};
    merge::Rollback rollback = merge::plan_rollback(store, run, keep);
    return merge::merge(std::move(rollback.trees), store,
                        {.run = by, .root = live_, .version = "0", .rolls_back = run}, rollback.merged);
}

std::vector<std::string> lines_of(const std::vector<model::Change>& changes) {
    std::vector<std::string> lines;
    for (const model::Change& change : changes)
        lines.push_back(fmt::format("{} {}", model::to_string(change.kind), change.path));
    return lines;
}

} // namespace disco::tests
