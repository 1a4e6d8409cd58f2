#pragma once

// libfmt 9 has each source that logs compile all of its formatting anew; fmt_static.cpp does it once. For precompiled
// headers: where there are none, sources only take longer to compile.
#include <fmt/format.h>

extern template void fmt::detail::vformat_to<char>(fmt::detail::buffer<char>&, fmt::string_view, fmt::format_args,
                                                   fmt::detail::locale_ref);
