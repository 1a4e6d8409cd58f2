#pragma once

#include "runner/model/composition.hpp"
#include "runner/overlay/below_view.hpp"
#include "runner/overlay/link_changes.hpp"
#include "runner/overlay/object_reader.hpp"
#include "runner/overlay/upperdir_scan.hpp"

#include <functional>
#include <optional>
#include <string>

namespace disco::overlay {

/// Where a difference lies.
struct Place {
    const std::string& path;                        ///< relative to the mount, "" for its root
    bool public_before = true, public_after = true; ///< others may search all directories above it
};

/// What a scan finds: differences are reported, and entered into the composition.
class FoundChanges {
public:
    /// Keeps references to all of them. `below`: stands on the same composition.
    FoundChanges(const LayerToScan& layer, model::Composition& composition,
                 const std::function<void(model::Change&&)>& sink, const BelowView& below)
        : layer_{layer}, composition_{composition}, sink_{sink}, below_{below} {}

    /// One path, with what is there before and after the layer: one of them at least. Throws SysError.
    void decide(const Place& at, const BelowView::Found& before, const std::optional<ReadObject>& after);
    /// When all was decided: names that became, or ceased to be, links and have no other change.
    void report_links();
    /// Times alone were entered, which are not reported.
    [[nodiscard]] bool has_times() const noexcept { return times_; }

private:
    bool enter_times(const std::string& path, const BelowView::Found& before, const ReadObject& after);
    [[nodiscard]] bool was_given(const timespec& before, const ReadObject& after) const;
    void note_links(const std::string& path, const BelowView::Found& before,
                    const std::optional<ReadObject>& after, bool reported);
    void enter_equal(const std::string& path, const BelowView::Found& before, const ReadObject& after);
    void enter(const std::string& path, const BelowView::Found& before,
               const std::optional<ReadObject>& after, model::ChangeKind kind);
    [[nodiscard]] bool as_live(const std::string& path, const std::optional<ReadObject>& after);

    const LayerToScan& layer_;
    model::Composition& composition_;
    const std::function<void(model::Change&&)>& sink_;
    const BelowView& below_;
    ObjectReader reader_;
    LinkChanges links_;
    bool times_ = false;
};

} // namespace disco::overlay
