# find_package(cfa): gives the targets cfa::cfa (shared) and cfa::static.
#
# Everything is found from where this file lies, so that the installation can be moved.

get_filename_component(_cfa_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_cfa_libdirs lib lib64)
if(CMAKE_LIBRARY_ARCHITECTURE)
  list(APPEND _cfa_libdirs "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
endif()

find_path(CFA_INCLUDE_DIR NAMES cfa.h PATHS "${_cfa_prefix}" PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(CFA_LIBRARY NAMES cfa PATHS "${_cfa_prefix}" PATH_SUFFIXES ${_cfa_libdirs}
             NO_DEFAULT_PATH)
find_library(CFA_STATIC_LIBRARY NAMES libcfa.a PATHS "${_cfa_prefix}"
             PATH_SUFFIXES ${_cfa_libdirs} NO_DEFAULT_PATH)
mark_as_advanced(CFA_INCLUDE_DIR CFA_LIBRARY CFA_STATIC_LIBRARY)

if(NOT CFA_INCLUDE_DIR OR NOT CFA_LIBRARY)
  set(cfa_FOUND FALSE)
  set(cfa_NOT_FOUND_MESSAGE "cfa.h or libcfa is missing below ${_cfa_prefix}; install libcfa again")
  return()
endif()

if(NOT TARGET cfa::cfa)
  add_library(cfa::cfa SHARED IMPORTED)
  set_target_properties(cfa::cfa PROPERTIES
    IMPORTED_LOCATION "${CFA_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CFA_INCLUDE_DIR}")
endif()
if(CFA_STATIC_LIBRARY AND NOT TARGET cfa::static)
  add_library(cfa::static STATIC IMPORTED)
  # What `rustc --print native-static-libs` names; a test links with them.
  set_target_properties(cfa::static PROPERTIES
    IMPORTED_LOCATION "${CFA_STATIC_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CFA_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl;c")
endif()

unset(_cfa_prefix)
unset(_cfa_libdirs)
