# What every folder's CMakeLists.txt uses: the language level, the warnings and a few short functions.
#
#   rp_library(NAME [LEAN] SOURCES a.cc … [DEPS rp_x PkgConfig::y …])   a static library
#   rp_program(NAME [LEAN] SOURCES … [DEPS …] [PACKAGE name])    an executable, installed by that Debian package if any
#   rp_test(NAME SOURCES … [DEPS …] [LABELS …] [TIMEOUT s] [THREADED])
#                                                               a GoogleTest binary, one CTest entry
#   rp_pixels(NAME…)                                            targets that touch each pixel: optimised in every build
#   rp_lab_test(NAME SOURCES … [DEPS …] [TIMEOUT s] [MEMORY MiB] [MESA] [BOOT kernel options…])
#                                                               the same, run in the kernel lab (docs/testing.md)
#   rp_benchmark(NAME SOURCES … [DEPS …])                       a Google Benchmark binary
#   rp_fuzzer(NAME SOURCES … [DEPS …] CORPUS dir)                a libFuzzer binary (RP_FUZZ only)

include_guard(GLOBAL)
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
# Line tables are enough to read a crash; full debug info triples link time and disk.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")  # the same code, for packages and builds that only run tests
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

option(RP_X264 "Build the libx264 encoder driver (GPL: see docs/operations.md)" ON)
option(RP_AVCODEC "Build the VA-API and NVENC encoder driver (headers of libavcodec; it is opened at run time)" ON)
option(RP_BENCH "Build the benchmarks" ON)
option(RP_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(RP_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them: address,undefined or thread")

add_library(rp_options INTERFACE)
target_include_directories(rp_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(rp_options INTERFACE
  -Wall -Wextra -Werror $<$<COMPILE_LANGUAGE:CXX>:-Wconversion> -fno-omit-frame-pointer
  -fstack-protector-strong -fPIC
  # GCC 12 sees overlaps and overruns in copies of std::string that are none (its bugs 105651, 105329).
  "$<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict;-Wno-array-bounds;-Wno-stringop-overread;-Wno-stringop-overflow>")
target_compile_definitions(rp_options INTERFACE _GNU_SOURCE RP_VERSION="${PROJECT_VERSION}")
if(NOT RP_SANITIZE)
  target_compile_definitions(rp_options INTERFACE _FORTIFY_SOURCE=2)
else()
  target_compile_options(rp_options INTERFACE -fsanitize=${RP_SANITIZE} -fno-sanitize-recover=all
    -Wno-deprecated-declarations)  # clang sees inside GCC 12's <algorithm>
  target_link_options(rp_options INTERFACE -fsanitize=${RP_SANITIZE})
endif()
if(RP_FUZZ)
  target_compile_options(rp_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=all -Wno-deprecated-declarations)
  target_link_options(rp_options INTERFACE -fsanitize=address,undefined)
endif()
find_program(RP_LLD ld.lld)
if(RP_LLD AND NOT CMAKE_CROSSCOMPILING)  # GCC looks for a cross linker under another name
  target_link_options(rp_options INTERFACE -fuse-ld=lld)
endif()

# Headers of others that many sources read, compiled once: half of a source's time goes to reading them. Sources include
# what they use all the same; `tools/house headers` and sanitizer builds do without this. Those because Clang writes the
# clone's path into it, so no other clone's compiler cache would fit, and rp_pixels() has an optimisation of its own.
# LEAN is for what need not be fast and is slow to compile: a third less time.
set(RP_LEAN "$<$<CONFIG:RelWithDebInfo,Release>:-O1>")
if(CMAKE_BUILD_TYPE STREQUAL Debug)
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()
function(rp_precompile name)
  cmake_parse_arguments(A "LEAN" "" "HEADERS;DEPS" ${ARGN})
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/${name}.cc" CONTENT "")
  add_library(${name} OBJECT EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/${name}.cc")
  target_link_libraries(${name} PRIVATE rp_options ${A_DEPS})
  target_compile_options(${name} PRIVATE $<$<BOOL:${A_LEAN}>:${RP_LEAN}>)
  target_precompile_headers(${name} PRIVATE ${A_HEADERS})
endfunction()
# Named, not gathered in a file of ours: its path would be in what is compiled, and no other clone's cache would fit.
set(RP_HEADERS <algorithm> <array> <atomic> <chrono> <cstdint> <expected> <functional> <map> <memory> <mutex> <optional>
  <span> <sstream> <string> <string_view> <unordered_map> <utility> <variant> <vector>)
rp_precompile(rp_precompiled HEADERS ${RP_HEADERS})
rp_precompile(rp_precompiled_lean LEAN HEADERS ${RP_HEADERS})
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
  rp_precompile(rp_precompiled_tests LEAN HEADERS ${RP_HEADERS} <gmock/gmock.h> <gtest/gtest.h> DEPS GTest::gmock)
endif()
function(rp_use_precompiled name lean)
  if(lean)
    target_compile_options(${name} PRIVATE ${RP_LEAN})
    target_precompile_headers(${name} REUSE_FROM rp_precompiled_lean)
  else()
    target_precompile_headers(${name} REUSE_FROM rp_precompiled)
  endif()
endfunction()
function(rp_use_precompiled_tests name)
  target_compile_options(${name} PRIVATE ${RP_LEAN})
  target_precompile_headers(${name} REUSE_FROM rp_precompiled_tests)
endfunction()

# What a sanitizer build needs, instead of everything: AddressSanitizer's runs all unit and contract tests,
# ThreadSanitizer's those that have threads (label `threaded`). Both run scenario_core and so its programs.
add_custom_target(sanitized_tests)
add_custom_target(threaded_tests)
add_custom_target(packaged)  # what packages hold (tools/cmake/packages.cmake)

function(rp_library name)
  cmake_parse_arguments(A "LEAN" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  rp_use_precompiled(${name} "${A_LEAN}")
  target_link_libraries(${name} PUBLIC rp_options ${A_DEPS})
endfunction()

# Sanitizer builds are not optimised, because they compile three times as fast so; these targets would then run too long.
function(rp_pixels)
  foreach(name IN LISTS ARGN)
    if(TARGET ${name})
      target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O1>)
    endif()
  endforeach()
endfunction()

function(rp_program name)
  cmake_parse_arguments(A "LEAN" "PACKAGE" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  rp_use_precompiled(${name} "${A_LEAN}")
  target_link_libraries(${name} PRIVATE rp_options ${A_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
  if(A_PACKAGE)
    install(TARGETS ${name} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT ${A_PACKAGE})
    add_dependencies(packaged ${name})
  endif()
endfunction()

function(rp_test name)
  if(NOT BUILD_TESTING)
    return()
  endif()
  cmake_parse_arguments(A "THREADED" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  rp_use_precompiled_tests(${name})
  target_link_libraries(${name} PRIVATE rp_options ${A_DEPS} GTest::gmock GTest::gtest_main)
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 60)
  endif()
  if(NOT A_LABELS)
    set(A_LABELS unit)
  endif()
  if(NOT "scenario" IN_LIST A_LABELS)
    add_dependencies(sanitized_tests ${name})
  endif()
  if(A_THREADED)
    list(APPEND A_LABELS threaded)
    add_dependencies(threaded_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${A_TIMEOUT} LABELS "${A_LABELS}")
  if(CMAKE_CROSSCOMPILING)
    math(EXPR A_TIMEOUT "${A_TIMEOUT} * 3")  # emulation is slow
    set_tests_properties(${name} PROPERTIES ENVIRONMENT RP_EMULATED=1 TIMEOUT ${A_TIMEOUT})
  endif()
endfunction()

# A GoogleTest binary that CTest runs in the kernel lab, under label `lab`. Where there is no lab the test is skipped
# and says why. TIMEOUT is the lab's; CTest's own is longer, so that the lab ends itself and shows its kernel's messages.
function(rp_lab_test name)
  if(NOT BUILD_TESTING OR RP_SANITIZE OR RP_FUZZ)
    return()
  endif()
  cmake_parse_arguments(A "MESA" "TIMEOUT;MEMORY" "SOURCES;DEPS;BOOT" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  rp_use_precompiled_tests(${name})
  target_link_libraries(${name} PRIVATE rp_options ${A_DEPS} GTest::gmock GTest::gtest_main)
  if(A_MESA)
    set(mesa MESA)
  endif()
  rp_lab_run(${name} ${mesa} TIMEOUT "${A_TIMEOUT}" MEMORY "${A_MEMORY}" BOOT ${A_BOOT} COMMAND $<TARGET_FILE:${name}>)
endfunction()

# Registers any command as a test in the lab: rp_lab_run(NAME [TIMEOUT s] [MEMORY MiB] [MESA] [BOOT …] COMMAND …).
# MESA: with a Mesa that shares memory (tools/lab/mesa), where there is one. Its closing line `N passed, N failed` counts, as GoogleTest's does (tools/cmake/count_tests.py).
function(rp_lab_run name)
  cmake_parse_arguments(A "MESA" "TIMEOUT;MEMORY" "COMMAND;BOOT" ${ARGN})
  if(A_MESA)
    set(with_mesa "${CMAKE_SOURCE_DIR}/tools/lab/mesa" --)
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 60)
  endif()
  if(NOT A_MEMORY)
    set(A_MEMORY 1024)
  endif()
  # CTest's limit comes first, so that it sees a lab that stopped as what it is.
  math(EXPR limit "${A_TIMEOUT} + 30")
  list(TRANSFORM A_BOOT PREPEND "--boot=")
  add_test(NAME ${name} COMMAND ${with_mesa} "${CMAKE_SOURCE_DIR}/tools/lab/run" --timeout ${limit} --memory ${A_MEMORY}
    ${A_BOOT} -- ${A_COMMAND})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${A_TIMEOUT} LABELS lab SKIP_RETURN_CODE 77)
endfunction()

function(rp_benchmark name)
  if(NOT RP_BENCH)
    return()
  endif()
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  find_package(benchmark REQUIRED)
  add_executable(${name} ${A_SOURCES})
  target_link_libraries(${name} PRIVATE rp_options ${A_DEPS} benchmark::benchmark)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bench")
endfunction()

function(rp_fuzzer name)
  if(NOT RP_FUZZ)
    return()
  endif()
  cmake_parse_arguments(A "" "CORPUS" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  target_precompile_headers(${name} REUSE_FROM rp_precompiled)
  target_link_libraries(${name} PRIVATE rp_options ${A_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  add_test(NAME ${name} COMMAND "${CMAKE_SOURCE_DIR}/tests/fuzz/run_one" $<TARGET_FILE:${name}>
    "${CMAKE_CURRENT_SOURCE_DIR}/${A_CORPUS}")
  set_tests_properties(${name} PROPERTIES TIMEOUT 120 LABELS fuzz)
endfunction()

# Adds each named folder that exists, so that a folder can land before its neighbours do.
function(rp_add_folders)
  foreach(dir IN LISTS ARGN)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${dir}/CMakeLists.txt")
      add_subdirectory(${dir})
    endif()
  endforeach()
endfunction()
