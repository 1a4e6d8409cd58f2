#pragma once

#include <string>
#include <string_view>

namespace disco::tests {

/// Expects `text` to be what tests/unit/golden/`name` holds. With DISCO_ACCEPT_GOLDEN=1 in the environment it
/// writes the file instead: read the difference in git before it is committed.
void expect_golden(const std::string& name, std::string_view text);

} // namespace disco::tests
