#include "runner/run/progress.hpp"

namespace disco::run {

Progress& silent_progress() {
    static Progress silent;
    return silent;
}

} // namespace disco::run
