#pragma once

#include <functional>

// What is to be done now and then while this program waits for others, such as moving a clock on the screen.
// The loops that wait long call it: those of programs, of sandboxes. By the main thread alone.
namespace disco::sys {

/// From now on `beat` is called a few times a second. Empty: nothing is, any more.
void set_heartbeat(std::function<void()> beat);

/// For poll(2): `patience` in milliseconds (-1: for ever), or less while there is a heartbeat.
[[nodiscard]] int until_heartbeat(int patience) noexcept;

/// Calls it if it is due.
void heartbeat();

} // namespace disco::sys
