# Wayland protocol code, generated from XML at build time.
#
#   rp_wayland_protocols(NAME XML a.xml … [SYSTEM stable/viewporter/viewporter.xml …])
#
# Makes a library with, for each file X.xml, "protocol/X-server.h", "protocol/X-client.h" and the tables both
# sides share. XML paths are relative to the calling folder, SYSTEM ones to wayland-protocols' folder.

include_guard(GLOBAL)
pkg_check_modules(WAYLAND_SERVER REQUIRED IMPORTED_TARGET wayland-server)
pkg_check_modules(WAYLAND_CLIENT REQUIRED IMPORTED_TARGET wayland-client)
pkg_get_variable(RP_WAYLAND_PROTOCOLS_DIR wayland-protocols pkgdatadir)
find_program(RP_WAYLAND_SCANNER wayland-scanner REQUIRED)  # runs here, whatever the build is for

function(rp_wayland_protocols name)
  cmake_parse_arguments(A "" "" "XML;SYSTEM" ${ARGN})
  set(dir "${CMAKE_CURRENT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${dir}/protocol")
  set(files "")
  foreach(xml IN LISTS A_XML)
    list(APPEND files "${CMAKE_CURRENT_SOURCE_DIR}/${xml}")
  endforeach()
  foreach(xml IN LISTS A_SYSTEM)
    list(APPEND files "${RP_WAYLAND_PROTOCOLS_DIR}/${xml}")
  endforeach()
  set(sources "")
  foreach(xml IN LISTS files)
    get_filename_component(stem "${xml}" NAME_WE)
    set(base "${dir}/protocol/${stem}")
    add_custom_command(
      OUTPUT "${base}-server.h" "${base}-client.h" "${base}-code.c"
      COMMAND "${RP_WAYLAND_SCANNER}" server-header "${xml}" "${base}-server.h"
      COMMAND "${RP_WAYLAND_SCANNER}" client-header "${xml}" "${base}-client.h"
      COMMAND "${RP_WAYLAND_SCANNER}" private-code "${xml}" "${base}-code.c"
      DEPENDS "${xml}" COMMENT "wayland-scanner ${stem}" VERBATIM)
    list(APPEND sources "${base}-code.c" "${base}-server.h" "${base}-client.h")
  endforeach()
  add_library(${name} STATIC ${sources})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  # SYSTEM: the generated inline functions are not held to our warnings.
  target_include_directories(${name} SYSTEM PUBLIC "${dir}")
  target_link_libraries(${name} PUBLIC PkgConfig::WAYLAND_SERVER)
endfunction()
