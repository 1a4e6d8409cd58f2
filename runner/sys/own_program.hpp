#pragma once

#include <filesystem>

/// In the environment, from the first execution of the program to the second: where its file lies, which the
/// mount it is then executed from does not show (see programs/disco_entry.cpp).
#define DISCO_OWN_PROGRAM_VARIABLE "DISCO_OWN_PROGRAM"

namespace disco::sys {

/// Takes that out of the environment. To be called first of all.
void note_own_program();

/// Where this program's file lies.
[[nodiscard]] std::filesystem::path own_program();

} // namespace disco::sys
