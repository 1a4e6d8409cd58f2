#pragma once

namespace disco::sandbox {

/// What to do when the kernel gives root this errno while a sandbox is made, to follow its text; empty when
/// that is not known.
[[nodiscard]] const char* container_hint(int error);

} // namespace disco::sandbox
