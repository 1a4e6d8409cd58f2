# Installs the manual pages, the units, and examples of settings. In the sources they are written for /usr/local; what they
# name there gets the directory that it is installed to. Set before: disco_units, disco_examples and disco_man_pages, the
# files; disco_example_directory, theirs, and disco_man_directory, that of all sections; disco_directories, pairs of a
# directory's name below /usr/local and below the prefix.

# install_text(FILE DIRECTORY HYPHEN): HYPHEN is how the file's format writes one.
function(install_text file directory hyphen)
    file(READ "${file}" text)
    set(pairs ${disco_directories})
    while(pairs)
        list(POP_FRONT pairs written installed)
        cmake_path(ABSOLUTE_PATH installed BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" NORMALIZE)
        string(REPLACE "-" "${hyphen}" installed "${installed}")
        string(REPLACE "-" "${hyphen}" written "${written}")
        string(REPLACE "/usr/local/${written}" "${installed}" text "${text}")
    endwhile()
    cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" NORMALIZE)
    cmake_path(GET file FILENAME name)
    file(INSTALL DESTINATION "${directory}" TYPE FILE FILES "${file}") # its mode, and a line in the manifest
    file(WRITE "$ENV{DESTDIR}${directory}/${name}" "${text}")
endfunction()

foreach(unit IN LISTS disco_units)
    install_text("${unit}" lib/systemd/system "-")
endforeach()
foreach(example IN LISTS disco_examples)
    install_text("${example}" "${disco_example_directory}" "-")
endforeach()
foreach(page IN LISTS disco_man_pages)
    cmake_path(GET page EXTENSION LAST_ONLY dot_section)
    string(REPLACE "." "man" section "${dot_section}")
    install_text("${page}" "${disco_man_directory}/${section}" "\\-")
endforeach()
