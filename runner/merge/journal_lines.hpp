#pragma once

#include "runner/model/merge_plan.hpp"

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

// Values of the journal and of saved plans as JSON. Steps, of which there may be very many, are written by
// hand. All other lines are documents of the library, which puts their keys in order and spells what is not
// plain ("\b", U+007F as it is) otherwise than reports do: a journal is the same, whichever disco wrote it.
namespace disco::merge {

/// A string of any bytes: as it is where it is UTF-8, else {"hex": "…"}.
[[nodiscard]] nlohmann::json to_json(std::string_view bytes);
[[nodiscard]] std::string bytes_of(const nlohmann::json& value);

[[nodiscard]] nlohmann::json to_json(const timespec& moment);
[[nodiscard]] timespec moment_of(const nlohmann::json& value);

/// Appends one step, as a line of the journal. Written by hand: a document for each of very many steps takes
/// longer than the steps.
void append_line(std::string& lines, const model::LiveStep& step, std::size_t tree);
/// Throws nlohmann::json::exception when it is none.
[[nodiscard]] model::LiveStep step_of(const nlohmann::json& value);

} // namespace disco::merge
