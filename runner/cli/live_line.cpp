#include "runner/cli/live_line.hpp"

#include "runner/sys/error.hpp"
#include "runner/sys/time_text.hpp"

#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace disco::cli {
namespace {

std::size_t columns_of_terminal() {
    winsize size = {};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

std::size_t bytes_of_character(unsigned char first) {
    return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

} // namespace

std::string cut_to_columns(std::string_view text, std::size_t columns) {
    std::size_t end = 0, used = 0;
    while (end < text.size()) {
        const std::size_t length = bytes_of_character(static_cast<unsigned char>(text[end]));
        // From U+2E80 on ("\xe2\xba\x80") most are wide; of some that are not the line is shorter.
        const std::size_t wide = length == 4 || (length == 3 && text.substr(end) >= "\xe2\xba\x80") ? 2 : 1;
        if (used + wide > columns) break;
        used += wide;
        end += length;
    }
    return std::string{text.substr(0, end)};
}

void LiveLine::show(std::string what) {
    what_ = std::move(what);
    printed_.clear();
    since_ = std::chrono::steady_clock::now();
    draw();
}

void LiveLine::draw() {
    if (what_.empty() || writer_.full()) return;
    const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - since_;
    std::string text = what_;
    if (lasted.count() >= 1) text += fmt::format("  {:.0f} s", lasted.count());
    if (!printed_.empty()) text += "  " + printed_;
    writer_.write(fmt::format("\r{}\033[K", cut_to_columns(text, columns_of_terminal() - 1)));
    drawn_ = true;
}

void LiveLine::erase() {
    if (!std::exchange(drawn_, false)) return;
    try {
        writer_.write("\r\033[K");
    } catch (const sys::Error&) { // what follows on this terminal meets the same and says so
    }
}

} // namespace disco::cli
