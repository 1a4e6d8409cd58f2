#pragma once

#include "runner/model/run_report.hpp"
#include "runner/model/words.hpp"
#include "runner/sys/error.hpp"
#include "runner/sys/printable.hpp"
#include "runner/sys/unique_fd.hpp"

#include <filesystem>
#include <fstream>
#include <istream>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

// What reading a whole report and reading its beginning have in common.
namespace disco::report {

/// Throws BadConfiguration for a word that this version does not know.
template <class Value> Value parse_word(const nlohmann::json& word) {
    const auto text = word.is_null() ? std::string{} : word.get<std::string>();
    if (const auto value = model::value_of<Value>(text)) return *value;
    throw sys::BadConfiguration{fmt::format("the word '{}' is not known", sys::printable_text(text))};
}

/// What is to be read of a report. It may have been collected from machines that are not trusted: no link is
/// followed, and nothing but a regular file opened. Throws SysError, BadConfiguration.
class ReportText {
public:
    explicit ReportText(const std::filesystem::path& file);
    [[nodiscard]] std::istream& stream() noexcept { return stream_; }

private:
    sys::UniqueFd fd_;
    std::ifstream stream_;
};

/// Throws BadConfiguration unless this version reads it.
void check_schema(const nlohmann::json& schema);

/// The member "run" of a report. Throws json::exception, and as parse_word does.
[[nodiscard]] model::RunReport parse_heading(const nlohmann::json& heading);

} // namespace disco::report
