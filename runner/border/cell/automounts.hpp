#pragma once

namespace disco::border::cell {

/// Covers the automounts of this process's mount namespace, which has to be its own: whoever walks into one
/// has a daemon of the machine mount what was named, as root, and look it up on the network, whatever
/// namespace it was seen from. What is mounted below them now is still there. Ends the process when it
/// cannot.
void cover_automounts();

} // namespace disco::border::cell
