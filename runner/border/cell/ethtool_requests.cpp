#include "runner/border/cell/ethtool_requests.hpp"

#include <algorithm>
#include <iterator>

#include <linux/ethtool.h>

namespace disco::border::cell {

bool ethtool_asks(std::uint32_t command) {
    static constexpr std::uint32_t asking[] = {
        ETHTOOL_GSET,          ETHTOOL_GDRVINFO,      ETHTOOL_GREGS,        ETHTOOL_GWOL,
        ETHTOOL_GMSGLVL,       ETHTOOL_GLINK,         ETHTOOL_GEEPROM,      ETHTOOL_GCOALESCE,
        ETHTOOL_GRINGPARAM,    ETHTOOL_GPAUSEPARAM,   ETHTOOL_GRXCSUM,      ETHTOOL_GTXCSUM,
        ETHTOOL_GSG,           ETHTOOL_GSTRINGS,      ETHTOOL_GSTATS,       ETHTOOL_GTSO,
        ETHTOOL_GPERMADDR,     ETHTOOL_GUFO,          ETHTOOL_GGSO,         ETHTOOL_GFLAGS,
        ETHTOOL_GPFLAGS,       ETHTOOL_GRXFH,         ETHTOOL_GGRO,         ETHTOOL_GRXRINGS,
        ETHTOOL_GRXCLSRLCNT,   ETHTOOL_GRXCLSRULE,    ETHTOOL_GRXCLSRLALL,  ETHTOOL_GRXNTUPLE,
        ETHTOOL_GSSET_INFO,    ETHTOOL_GRXFHINDIR,    ETHTOOL_GFEATURES,    ETHTOOL_GCHANNELS,
        ETHTOOL_GET_DUMP_FLAG, ETHTOOL_GET_DUMP_DATA, ETHTOOL_GET_TS_INFO,  ETHTOOL_GMODULEINFO,
        ETHTOOL_GMODULEEEPROM, ETHTOOL_GEEE,          ETHTOOL_GRSSH,        ETHTOOL_GTUNABLE,
        ETHTOOL_GPHYSTATS,     ETHTOOL_GLINKSETTINGS, ETHTOOL_PHY_GTUNABLE, ETHTOOL_GFECPARAM};
    return std::find(std::begin(asking), std::end(asking), command) != std::end(asking);
}

} // namespace disco::border::cell
