# Run by cpack when all is installed into the directory that becomes the package: adds what only a package of Debian has.
# Every file gets the time that SOURCE_DATE_EPOCH says, so that equal sources make equal packages.
set(root ${CPACK_TEMPORARY_DIRECTORY})
set(here ${CPACK_DISCO_SOURCES}/packaging/deb)
set(documents ${root}/usr/share/doc/disco)

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The licences of what is linked into the programs.
foreach(package libc6-dev libstdc++-12-dev nettle-dev libcap-dev libfmt-dev libspdlog-dev libcli11-dev nlohmann-json3-dev
        libpugixml-dev)
    run(install -D -m 0644 /usr/share/doc/${package}/copyright ${documents}/libraries/${package})
endforeach()

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # of SOURCE_DATE_EPOCH, where that is set
set(VERSION ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
set(UPSTREAM ${CPACK_PACKAGE_VERSION})
set(MAINTAINER ${CPACK_DEBIAN_PACKAGE_MAINTAINER})
set(DATE ${date})
configure_file(${here}/changelog ${documents}/changelog.Debian @ONLY NO_SOURCE_PERMISSIONS)
file(READ ${CPACK_DISCO_SOURCES}/LICENSE licence)
string(REGEX MATCH "\nCopyright \\(c\\) ([^\n]*)\n+(.*)$" found "${licence}")
set(COPYRIGHT ${CMAKE_MATCH_1})
string(REGEX REPLACE "\n$" "" text "${CMAKE_MATCH_2}")
string(REPLACE "\n\n" "\n.\n" text "${text}")
string(REPLACE "\n" "\n " LICENSE " ${text}")
configure_file(${here}/copyright ${documents}/copyright @ONLY NO_SOURCE_PERMISSIONS)

file(GLOB pages ${root}/usr/share/man/man5/*.5 ${root}/usr/share/man/man8/*.8)
run(gzip -9n ${documents}/changelog.Debian ${pages})

foreach(directory profiles guarded.d restricted.d)
    run(install -d -m 0755 ${root}/etc/disco/policy/${directory})
endforeach()
run(install -m 0644 ${here}/README.policy ${root}/etc/disco/policy/README)
run(install -D -m 0644 ${here}/lintian-overrides ${root}/usr/share/lintian/overrides/disco)
run(chmod -R u=rwX,go=rX ${root}) # whatever the umask was when it was built
if(DEFINED ENV{SOURCE_DATE_EPOCH})
    run(find ${root} -exec touch --no-dereference --date=@$ENV{SOURCE_DATE_EPOCH} {} +)
endif()
