#pragma once

#include "runner/model/merge_plan.hpp"
#include "runner/model/prepared_plan.hpp"

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

/// Appends one step, as a line of the journal or of a saved plan. Written by hand: a document for each of
/// very many steps takes longer than the steps.
void append_line(std::string& lines, const model::PreparedStep& step, std::size_t tree);
void append_line(std::string& lines, const model::LiveStep& step, std::size_t tree);

/// A step of a journal, or of a saved plan. Throw nlohmann::json::exception, or sys::Error, when it is none.
[[nodiscard]] model::PreparedStep prepared_step_of(const nlohmann::json& value);
[[nodiscard]] model::LiveStep step_of(const nlohmann::json& value);

} // namespace disco::merge
