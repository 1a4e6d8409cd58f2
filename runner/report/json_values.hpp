#pragma once

#include "runner/model/run_report.hpp"
#include "runner/report/recorded_change.hpp"

#include <string>
#include <string_view>

// The JSON of single values, appended to a string: built by hand, because a document tree of 100 000 changes
// costs more time and memory than the changes. Every kind of value is written here and nowhere else.
namespace disco::report {

/// How JSON holds the name of a file, which may be any bytes: as it is when that is UTF-8; else as
/// sys::printable shows it, in double quotes. What begins with a double quote is of the second kind.
[[nodiscard]] std::string json_name(std::string_view bytes);
/// The bytes of such a name.
[[nodiscard]] std::string bytes_of_name(std::string_view name);
/// The same for people, from either form: nothing in it that a terminal obeys.
[[nodiscard]] std::string shown_name(std::string_view name);

/// What a report says of the content of files.
enum class Contents {
    all,
    short_, ///< no diffs of what packages own: the package, sizes and hashes say what came
};

/// What read_change (recorded_change.hpp) reads. Of what is read and written again every byte is the same.
void append_change(std::string& out, const RecordedChange& change, Contents contents = Contents::all);
/// Whether a short report says less of a change than a whole one.
[[nodiscard]] bool can_be_short(const RecordedChange& change);
void append_step(std::string& out, const model::Step& step);
void append_notice(std::string& out, const model::Notice& notice);
void append_action(std::string& out, const model::Action& action);
void append_package(std::string& out, const model::PackageChange& package);
void append_conflict(std::string& out, const model::Conflict& conflict);

} // namespace disco::report
