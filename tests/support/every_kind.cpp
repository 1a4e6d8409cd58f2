#include "tests/support/every_kind.hpp"

namespace disco::tests {

const char* const furnish_every_kind = R"(
    mkdir -p srv/{data,old/deep,empty,keep}
    echo one > srv/data/one; echo two > srv/data/two; chmod 4711 srv/data/two; ln -s one srv/data/link
    echo x > srv/old/deep/x; mkfifo srv/data/fifo; echo many > srv/many; touch -d 2001-02-03 srv/keep
    mkdir -p home/alice; echo profile > home/alice/profile; echo gone > home/alice/gone
)";

const char* const change_every_kind = R"(
    set -e; cd /
    echo more >> srv/data/one; rm srv/data/link; mkdir srv/data/link; echo in > srv/data/link/in
    chmod 0640 srv/data/two; rm -r srv/old; echo instead > srv/old; rmdir srv/empty
    mkdir -p srv/new/deep; echo n > srv/new/deep/n; ln -s nowhere srv/dangling; chown 33 srv/keep
    rm srv/many; mkdir srv/many; echo 1 > srv/many/1
    echo more >> home/alice/profile; rm home/alice/gone; echo new > home/alice/new
)";

} // namespace disco::tests
