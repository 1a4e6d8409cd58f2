#pragma once

#include "runner/cli/log.hpp"
#include "runner/run/progress.hpp"

namespace disco::cli {

/// Keeps a run's secrets out of the log.
class SecretKeeper : public run::Progress {
public:
    void knows_secrets(const model::SecretMask& mask) override { keep_out_of_log(mask); }
};

} // namespace disco::cli
