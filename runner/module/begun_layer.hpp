#pragma once

#include "runner/sys/error.hpp"
#include "runner/view/views.hpp"

namespace disco::module {

/// A begun layer, which is dropped unless it is kept.
class BegunLayer {
public:
    explicit BegunLayer(view::Views& views) : views_{views} { views_.layers().begin(); }
    BegunLayer(const BegunLayer&) = delete;
    BegunLayer& operator=(const BegunLayer&) = delete;
    ~BegunLayer() {
        if (kept_) return;
        try {
            views_.layers().drop();
        } catch (
            const sys::Error&) { // the scratch directory goes at the end of the run, and warns if it cannot
        }
    }
    void keep() {
        kept_ = true;
        views_.layers().keep();
    }

private:
    view::Views& views_;
    bool kept_ = false;
};

} // namespace disco::module
