#pragma once

// The entry of the program; see docs/man/disco.8 for what it takes.
namespace disco::cli {

/// Parses the command line and runs the command. Returns the exit code (model::ExitCode). Throws nothing.
[[nodiscard]] int run(int argc, char** argv) noexcept;

} // namespace disco::cli
