# Debian packages by CPack: rackphone (command line), rackphone-controller, rackphone-engine.
#   tools/package amd64 arm64 check      makes them, and checks what was made
# Included last. What goes where is said here and in rp_program(); the texts lie in tools/deb/.

set(RP_MAINTAINER "Rackphone maintainers <maintainers@rackphone.invalid>" CACHE STRING
  "Who ships the packages, as Debian's Maintainer field has it")
string(TIMESTAMP RP_PACKAGE_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)  # of SOURCE_DATE_EPOCH, if that is set
set(deb "${CMAKE_CURRENT_LIST_DIR}/../deb")
set(made "${CMAKE_BINARY_DIR}/deb")
file(MAKE_DIRECTORY "${made}")

configure_file("${deb}/changelog.in" "${made}/changelog" @ONLY)
execute_process(COMMAND gzip -9n -c "${made}/changelog" OUTPUT_FILE "${made}/changelog.Debian.gz" COMMAND_ERROR_IS_FATAL ANY)
foreach(package IN ITEMS rackphone rackphone-controller rackphone-engine)
  install(FILES "${deb}/copyright" "${made}/changelog.Debian.gz"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}" COMPONENT ${package})
endforeach()
install(FILES "${CMAKE_SOURCE_DIR}/docs/operations.md" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/rackphone" COMPONENT rackphone)

# Completion is printed by the program itself, under the emulator in a cross build.
foreach(shell IN ITEMS bash zsh fish)
  add_custom_command(OUTPUT "${made}/completion.${shell}"
    COMMAND rackphone completion ${shell} > "${made}/completion.${shell}" DEPENDS rackphone COMMENT "Completion for ${shell}")
  list(APPEND completions "${made}/completion.${shell}")
endforeach()
add_custom_target(completions DEPENDS ${completions})
add_dependencies(packaged completions)
set(share "${CMAKE_INSTALL_DATADIR}")
install(FILES "${made}/completion.bash" DESTINATION "${share}/bash-completion/completions" RENAME rackphone
  COMPONENT rackphone OPTIONAL)
install(FILES "${made}/completion.zsh" DESTINATION "${share}/zsh/vendor-completions" RENAME _rackphone
  COMPONENT rackphone OPTIONAL)
install(FILES "${made}/completion.fish" DESTINATION "${share}/fish/vendor_completions.d" RENAME rackphone.fish
  COMPONENT rackphone OPTIONAL)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/containers/images/recipes" DESTINATION "${share}/rackphone"
  COMPONENT rackphone-controller)

# Units and scripts of the two services.
foreach(part IN ITEMS controller engine)
  set(RP_PACKAGE rackphone-${part})
  install(FILES "${deb}/${RP_PACKAGE}.service" DESTINATION /lib/systemd/system COMPONENT ${RP_PACKAGE})
  install(FILES "${deb}/${RP_PACKAGE}.default" DESTINATION /etc/default RENAME ${RP_PACKAGE} COMPONENT ${RP_PACKAGE})
  install(FILES "${deb}/${RP_PACKAGE}.sysusers" DESTINATION lib/sysusers.d RENAME ${RP_PACKAGE}.conf COMPONENT ${RP_PACKAGE})
  install(FILES "${deb}/${RP_PACKAGE}.tmpfiles" DESTINATION lib/tmpfiles.d RENAME ${RP_PACKAGE}.conf COMPONENT ${RP_PACKAGE})
  foreach(script IN ITEMS PRERM POSTRM)
    string(TOLOWER "${part}_${script}_more" file)
    set(RP_${script}_MORE "")
    if(EXISTS "${deb}/${file}")
      file(READ "${deb}/${file}" RP_${script}_MORE)
    endif()
  endforeach()
  file(WRITE "${made}/${part}/conffiles" "/etc/default/${RP_PACKAGE}\n")
  set(scripts "${made}/${part}/conffiles")
  foreach(script IN ITEMS postinst prerm postrm)
    configure_file("${deb}/${script}.in" "${made}/${part}/${script}" @ONLY FILE_PERMISSIONS
      OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
    list(APPEND scripts "${made}/${part}/${script}")
  endforeach()
  string(TOUPPER "${RP_PACKAGE}" upper)
  set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA "${scripts}")
endforeach()
install(FILES "${deb}/rackphone-certificate.service" DESTINATION /lib/systemd/system COMPONENT rackphone-engine)

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # `packaged` is what packages need; cpack would build everything
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rackphone)
set(CPACK_PACKAGE_CONTACT "${RP_MAINTAINER}")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/packages")
set(CPACK_COMPONENTS_ALL rackphone rackphone-controller rackphone-engine)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
if(CMAKE_CROSSCOMPILING)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)  # CPack would take this machine's
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)  # its tool knows this machine's libraries only: tools/package names them
endif()

set(own "(= ${PROJECT_VERSION}-1)")
set(services "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_RACKPHONE_PACKAGE_NAME rackphone)
set(CPACK_DEBIAN_RACKPHONE_DESCRIPTION "virtual phones in a browser, command line
Rackphone runs work phones as containers on your own server; people see and
touch them in a browser. This is the command that makes, starts and shows
them, and tells what a machine has for it.")
set(CPACK_DEBIAN_RACKPHONE_PACKAGE_RECOMMENDS "rackphone-controller, rackphone-engine")
set(CPACK_DEBIAN_RACKPHONE-CONTROLLER_PACKAGE_NAME rackphone-controller)
set(CPACK_DEBIAN_RACKPHONE-CONTROLLER_DESCRIPTION "virtual phones in a browser, control plane
Rackphone runs work phones as containers on your own server; people see and
touch them in a browser. This service knows the people and the phones, makes
images and containers, and has the REST interface.")
set(CPACK_DEBIAN_RACKPHONE-CONTROLLER_PACKAGE_DEPENDS
  "rackphone ${own}, runc, conmon, tini, iproute2, nftables, mmdebstrap, ${services}")
set(CPACK_DEBIAN_RACKPHONE-CONTROLLER_PACKAGE_RECOMMENDS "rackphone-engine ${own}")
set(CPACK_DEBIAN_RACKPHONE-ENGINE_PACKAGE_NAME rackphone-engine)
set(CPACK_DEBIAN_RACKPHONE-ENGINE_DESCRIPTION "virtual phones in a browser, data plane
Rackphone runs work phones as containers on your own server; people see and
touch them in a browser. This service is the phones' display server, encodes
their pictures and streams them; it has the page as well.")
set(CPACK_DEBIAN_RACKPHONE-ENGINE_PACKAGE_DEPENDS "xkb-data, ${services}")
set(CPACK_DEBIAN_RACKPHONE-ENGINE_PACKAGE_RECOMMENDS "rackphone-controller ${own}")
set(CPACK_DEBIAN_RACKPHONE-ENGINE_PACKAGE_SUGGESTS "libavcodec59, va-driver-all, mesa-vulkan-drivers")
include(CPack)
