#include "runner/overlay/deleted_tree.hpp"

#include "runner/overlay/comparing.hpp"
#include "runner/overlay/reported_change.hpp"
#include "runner/sys/descent.hpp"
#include "runner/sys/files.hpp"
#include "runner/sys/interrupt.hpp"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace disco::overlay {
namespace {

class DeletedTree {
public:
    DeletedTree(const LayerToScan& layer, const model::Composition& composition, const BelowView& below,
                ObjectReader& reader, const std::function<void(model::Change&&)>& sink)
        : layer_{layer}, composition_{composition}, below_{below}, reader_{reader}, sink_{sink} {}

    /// No recursion: a tree may be deeper than a stack.
    void report(DeletedDirectory top) {
        begin(std::move(top.path), std::move(top.live), top.is_public);
        while (!levels_.empty()) {
            if (levels_.back().next < levels_.back().names.size()) {
                Level& level = levels_.back();
                look_at(level, level.names[level.next++]);
            } else {
                end();
            }
        }
    }

private:
    struct Level {
        std::string path;
        bool has_live, is_public;
        std::vector<std::string> names;
        std::size_t next = 0;
    };

    /// -1: there is none.
    [[nodiscard]] int live() const noexcept { return levels_.back().has_live ? live_->directory() : -1; }

    void begin(std::string path, sys::UniqueFd live, bool is_public) {
        sys::throw_if_interrupted();
        const bool has_live = static_cast<bool>(live);
        if (live && live_)
            live_->enter(std::move(live));
        else if (live)
            live_.emplace(std::move(live));
        levels_.push_back({std::move(path), has_live, is_public, {}});
        // The top is in the composition by now and would hide what was in it, so this looks past it.
        levels_.back().names = below_.names_in(levels_.back().path, this->live());
    }

    void end() {
        if (levels_.back().has_live && live_->depth() > 0)
            comparing(layer_, levels_.back().path, [&] { live_->leave(); });
        levels_.pop_back();
    }

    void look_at(const Level& level, const std::string& name) {
        const std::string path = path_in(layer_, level.path, name);
        const BelowView::Found before = comparing(layer_, path, [&] { return find(path, name); });
        if (!before.object) return;
        const bool is_public = level.is_public;
        sink_(reported_change(layer_, path, {before.object, is_public}, {std::nullopt, true},
                              model::ChangeKind::deleted));
        const model::ObjectState& state = before.object->state;
        if (state.type == model::ObjectType::directory)
            begin(path, below_.live_subdirectory(path, name, live()),
                  is_public && (state.mode & S_IXOTH) != 0);
    }

    [[nodiscard]] BelowView::Found find(const std::string& path, const std::string& name) {
        if (composition_.find(path) != nullptr) return below_.find(path, name, live(), reader_);
        BelowView::Found found;
        if (live() < 0) return found;
        if (const auto status = sys::stat_at(live(), name))
            found.object = reader_.read(live(), name, *status, ObjectReader::Location::live);
        return found;
    }

    const LayerToScan& layer_;
    const model::Composition& composition_;
    const BelowView& below_;
    ObjectReader& reader_;
    const std::function<void(model::Change&&)>& sink_;
    std::optional<sys::Descent> live_;
    std::vector<Level> levels_;
};

} // namespace

void report_deleted(const LayerToScan& layer, const model::Composition& composition, const BelowView& below,
                    DeletedDirectory top, ObjectReader& reader,
                    const std::function<void(model::Change&&)>& sink) {
    DeletedTree{layer, composition, below, reader, sink}.report(std::move(top));
}

} // namespace disco::overlay
