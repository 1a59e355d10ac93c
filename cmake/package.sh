#!/usr/bin/env bash
# Makes the packages, DEB and TGZ, in build/package/packages; prints what was made.
#
#   cmake/package.sh                                       packages of the tree as it stands
#   SOURCE_DATE_EPOCH=1700000000 cmake/package.sh          dates in the packages; default: that of the last commit
#   CATALOG_PACKAGE_MAINTAINER="Ada <ada@example.org>" cmake/package.sh
set -euo pipefail
cd "$(dirname "$0")/.."

sh cmake/setup.sh
# Two builds of one commit are the same, bit by bit.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CMakeLists.txt)
fi
export SOURCE_DATE_EPOCH
# Permissions of the build tree do not reach the packages.
umask 022
cmake --preset package ${CATALOG_PACKAGE_MAINTAINER:+"-DCATALOG_PACKAGE_MAINTAINER=$CATALOG_PACKAGE_MAINTAINER"}
cmake --build --preset package --parallel "$(nproc)"
rm -rf build/package/packages
(cd build/package && cpack -B packages)
rm -rf build/package/packages/_CPack_Packages
ls -l build/package/packages
