#pragma once

#include "runner/model/object_state.hpp"

#include <optional>
#include <string>

namespace disco::model {

enum class ChangeKind { created, modified, deleted, metadata, replaced };
[[nodiscard]] const char* to_string(ChangeKind kind);

/// One difference between what a module leaves and what it found.
struct Change {
    std::string path; ///< absolute in the live root, any bytes
    ChangeKind kind = ChangeKind::created;
    std::optional<ObjectState> before;                                ///< absent when created
    std::optional<ObjectState> after;                                 ///< absent when deleted
    std::string before_owner, before_group, after_owner, after_group; ///< names, or the number as text
    std::string diff;      ///< unified, git style; empty when binary, redacted, too large, or without content
    bool binary = false;   ///< the content differs and is no text
    bool redacted = false; ///< the content differs and others may not read it, so it is not shown
};

/// What the two states make of it; nothing when they are equal (times do not count). Pure.
[[nodiscard]] std::optional<ChangeKind> change_kind(const std::optional<ObjectState>& before,
                                                    const std::optional<ObjectState>& after);

} // namespace disco::model
