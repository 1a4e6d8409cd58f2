#pragma once

#include "runner/model/change.hpp"
#include "runner/sys/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <sys/types.h>

// A change as a report records it: what is known of a change when its run is over. Whatever shows, shortens
// or turns round a recorded change reads it by this; append_change (json_values.hpp) writes it.
namespace disco::report {

/// One state of what has changed. Names are bytes, not as JSON spells them.
struct RecordedState {
    mode_t mode = 0; ///< permission and set-id bits
    uid_t uid = 0;
    gid_t gid = 0;
    std::string owner, group; ///< names, or the number as text
    std::uint64_t size = 0;
    std::string mtime;                    ///< RFC 3339, in UTC
    std::optional<std::string> sha256;    ///< of files that were read, in hexadecimal
    std::optional<std::string> target;    ///< of symlinks
    std::optional<std::string> rdev;      ///< of devices, "8:1"
    std::string flags;                    ///< letters of lsattr(1)
    std::optional<std::string> linked_to; ///< path of another name of the same file
    /// Name, and value in hexadecimal after "0x" unless all of it can be read; sorted by name.
    std::vector<std::pair<std::string, std::string>> xattrs;
    bool operator==(const RecordedState&) const = default;
};

struct RecordedChange {
    std::string path; ///< absolute in the live root, any bytes
    model::ChangeKind kind = model::ChangeKind::created;
    model::ObjectType type = model::ObjectType::file; ///< since the change; of what was deleted, before it
    std::optional<RecordedState> before, after;       ///< before: none when created; after: none when deleted
    std::string diff;                                 ///< empty: none is shown
    bool binary = false, redacted = false;
    std::string package;    ///< that owns it; empty: none
    bool delivered = false; ///< the module itself has it, in files/ or templates/
    bool operator==(const RecordedChange&) const = default;
};

/// What is to be read is no recorded change: a member that it needs is missing, or is not what it has to be.
class DamagedChange : public sys::BadConfiguration {
public:
    DamagedChange(std::string key, std::string_view fault);
    /// "before.mode"; empty: all of it.
    [[nodiscard]] const std::string& key() const noexcept { return key_; }

private:
    std::string key_;
};

/// `package`: that owns what has changed; empty: none. Pure.
[[nodiscard]] RecordedChange recorded(const model::Change& change, std::string_view package = {});

/// Of one line of a ChangeLog. Members that the reports of the first versions lacked (flags, linked_to,
/// package) may be missing: then there is none. Others that are not known here are left out. Pure. Throws
/// DamagedChange.
[[nodiscard]] RecordedChange read_change(std::string_view json);
/// The same of a document that is there already.
[[nodiscard]] RecordedChange change_of(const nlohmann::json& value);

} // namespace disco::report
