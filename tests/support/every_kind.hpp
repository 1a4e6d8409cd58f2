#pragma once

namespace disco::tests {

/// A bash script that puts objects of every kind into the tree it runs in.
extern const char* const furnish_every_kind;
/// One that needs every kind of step of a merge to be brought there: new ones, exchanges, removals, metadata,
/// of files and of directories.
extern const char* const change_every_kind;

} // namespace disco::tests
