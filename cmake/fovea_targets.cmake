# One static library per folder. Every library has an include root of its own, build/include/<target>, that holds only
# a link to its folder: an include that goes up the layers finds no file and does not compile.

set(FOVEA_LIBRARIES "" CACHE INTERNAL "")

# Each library with those it links, for the test that compares them with tests/include_rules.txt.
set(FOVEA_LINK_RULES ${PROJECT_BINARY_DIR}/link_rules.txt)
file(WRITE ${FOVEA_LINK_RULES} "")

# Stores the code that finds a package, under the names of the package's targets.
function(fovea_remember_package code)
  set_property(GLOBAL APPEND PROPERTY FOVEA_PACKAGES "${code}")
  foreach(target IN LISTS ARGN)
    set_property(GLOBAL PROPERTY "FOVEA_PACKAGE_OF_${target}" "${code}")
  endforeach()
endfunction()

# fovea_find(package [arguments of find_package] FOR targets...)
macro(fovea_find)
  cmake_parse_arguments(FOVEA_FIND "" "" "FOR" ${ARGN})
  find_package(${FOVEA_FIND_UNPARSED_ARGUMENTS} REQUIRED)
  list(JOIN FOVEA_FIND_UNPARSED_ARGUMENTS " " FOVEA_FIND_ARGUMENTS)
  fovea_remember_package("find_dependency(${FOVEA_FIND_ARGUMENTS})" ${FOVEA_FIND_FOR})
endmacro()

# fovea_pkg_config(name modules...): the target PkgConfig::<name>.
macro(fovea_pkg_config name)
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${ARGN})
  string(REPLACE ";" " " FOVEA_FIND_MODULES "${ARGN}")
  fovea_remember_package("find_dependency(PkgConfig)\n  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${FOVEA_FIND_MODULES})"
                         PkgConfig::${name})
endmacro()

# LibTorch's headers cost 28 s per file; precompiled once, every target that uses LibTorch reuses them. A target can reuse them
# only with the same flags, so the suites, which are compiled without optimisation, have their own.
# fovea_precompile(name headers... [OPTIONS compiler options])
function(fovea_precompile name)
  cmake_parse_arguments(ARG "" "" "OPTIONS" ${ARGN})
  set(source ${PROJECT_BINARY_DIR}/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Exists to own the precompiled headers.\n")
  add_library(${name} OBJECT ${source})
  target_link_libraries(${name} PUBLIC torch)
  fovea_compile_as_own(${name})
  target_compile_options(${name} PRIVATE ${ARG_OPTIONS})
  target_compile_definitions(${name} PRIVATE NDEBUG)
  target_precompile_headers(${name} PRIVATE ${ARG_UNPARSED_ARGUMENTS})
endfunction()

# fovea_uses_torch(target [precompiled])
function(fovea_uses_torch target)
  set(precompiled fovea_torch_precompiled)
  if(ARGC GREATER 1)
    set(precompiled ${ARGV1})
  endif()
  target_link_libraries(${target} PUBLIC torch gomp)  # gomp: LibTorch's own OpenMP, for thread counts
  # Debian's LibTorch is built with NDEBUG; without it here, assertions in its headers miss state that its code never keeps.
  target_compile_definitions(${target} PRIVATE NDEBUG)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")  # the header was compiled with -fPIC, and GCC wants the same of whoever uses it
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${precompiled})
endfunction()

# fovea_library(name FOLDER folder [USES fovea libraries] [LINK public dependencies] [PRIVATE hidden ones] [TORCH])
function(fovea_library name)
  cmake_parse_arguments(ARG "TORCH" "FOLDER" "USES;LINK;PRIVATE" ${ARGN})
  set(target fovea_${name})
  set(root ${PROJECT_BINARY_DIR}/include/${target})
  file(MAKE_DIRECTORY ${root}/fovea)
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FOLDER} ${root}/fovea/${name} SYMBOLIC)
  list(TRANSFORM ARG_USES PREPEND fovea_ OUTPUT_VARIABLE uses_targets)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FOLDER}/*.cpp)
  add_library(${target} STATIC ${sources})
  add_library(fovea::${name} ALIAS ${target})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${root}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC ${uses_targets} ${ARG_LINK} PRIVATE ${ARG_PRIVATE})
  fovea_compile_as_own(${target})
  target_compile_features(${target} PUBLIC cxx_std_20)
  if(ARG_TORCH)
    fovea_uses_torch(${target})
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  if(FOVEA_INSTALL)
    install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_FOLDER}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/fovea/${name}
            FILES_MATCHING PATTERN "*.h"
            PATTERN internal EXCLUDE  # for the library's own sources
            PATTERN fovea.h EXCLUDE)  # see fovea_umbrella_header()
  endif()
  set(linked ${ARG_LINK} ${ARG_PRIVATE})
  if(ARG_TORCH)
    list(APPEND linked torch)
  endif()
  foreach(dependency IN LISTS linked)
    get_property(package GLOBAL PROPERTY "FOVEA_PACKAGE_OF_${dependency}")
    if(NOT package)
      message(FATAL_ERROR "fovea_library(${name}): no fovea_find() names ${dependency}")
    endif()
    set_property(GLOBAL APPEND PROPERTY "FOVEA_USERS_OF_${package}" ${name})
  endforeach()
  set_property(GLOBAL PROPERTY "FOVEA_USES_OF_${name}" "${ARG_USES}")
  set(FOVEA_LIBRARIES ${FOVEA_LIBRARIES} ${target} CACHE INTERNAL "")
  string(REPLACE ";" " " uses "${ARG_USES}")
  file(APPEND ${FOVEA_LINK_RULES} "${name}: ${uses}\n")
endfunction()

# The header that includes what most users of the library need: <fovea/fovea.h>.
function(fovea_umbrella_header name header)
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${header} ${PROJECT_BINARY_DIR}/include/fovea_${name}/fovea/fovea.h SYMBOLIC)
  if(FOVEA_INSTALL)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/fovea)
  endif()
endfunction()

# fovea_protobuf(name file.proto...): generates the messages' code inside the library, which alone sees it: <file.pb.h>.
# Link the full protobuf::libprotobuf, also for messages of the lite runtime: LibTorch loads it, and libprotobuf-lite beside
# it would be a second copy of the same symbols.
function(fovea_protobuf name)
  if(NOT TARGET protobuf::protoc)
    message(FATAL_ERROR "fovea: protoc is missing (install protobuf-compiler)")
  endif()
  set(target fovea_${name})
  set(directory ${PROJECT_BINARY_DIR}/protobuf/${target})
  file(MAKE_DIRECTORY ${directory})
  protobuf_generate(PROTOS ${ARGN} APPEND_PATH PROTOC_OUT_DIR ${directory} OUT_VAR generated)
  set_source_files_properties(${generated} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON
                                                      COMPILE_OPTIONS -w)
  # A target with no libraries to link, so that protoc, and with it every layer above, does not wait for the layers below.
  add_custom_target(${target}_messages DEPENDS ${generated})
  add_dependencies(${target} ${target}_messages)
  target_sources(${target} PRIVATE ${generated})
  target_include_directories(${target} SYSTEM PRIVATE ${directory})
endfunction()

# The program: tools/*.cpp. All but main.cpp is the library fovea_program.
function(fovea_program)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tools/*.cpp)
  list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/tools/main.cpp)
  add_library(fovea_program STATIC ${sources})
  target_include_directories(fovea_program PUBLIC ${CMAKE_CURRENT_SOURCE_DIR}/tools)
  target_link_libraries(fovea_program PUBLIC ${FOVEA_LIBRARIES} CLI11::CLI11)
  fovea_compile_as_own(fovea_program)
  fovea_uses_torch(fovea_program)

  add_executable(fovea_executable tools/main.cpp)
  set_target_properties(fovea_executable PROPERTIES OUTPUT_NAME fovea)
  target_link_libraries(fovea_executable PRIVATE fovea_program)
  fovea_compile_as_own(fovea_executable)
  fovea_use_openblas_openmp(fovea_executable)
endfunction()

# The tables of fovea-config.cmake: the libraries, lowest first, the libraries that each uses, and the packages it needs.
function(fovea_package_table result)
  set(libraries ${FOVEA_LIBRARIES})
  list(TRANSFORM libraries REPLACE "^fovea_" "")
  list(JOIN libraries " " names)
  set(table "set(fovea_components ${names})\n")
  foreach(library IN LISTS libraries)
    get_property(uses GLOBAL PROPERTY "FOVEA_USES_OF_${library}")
    list(JOIN uses " " uses)
    string(APPEND table "set(fovea_uses_of_${library} ${uses})\n")
  endforeach()
  set(finds "")
  get_property(packages GLOBAL PROPERTY FOVEA_PACKAGES)
  foreach(package IN LISTS packages)
    get_property(users GLOBAL PROPERTY "FOVEA_USERS_OF_${package}")
    list(REMOVE_DUPLICATES users)
    list(JOIN users "|" users)
    string(APPEND finds "if(\";\${fovea_needed};\" MATCHES \";(${users});\")\n  ${package}\nendif()\n")
  endforeach()
  set(${result}_COMPONENTS "${table}" PARENT_SCOPE)
  set(${result}_FINDS "${finds}" PARENT_SCOPE)
endfunction()

# fovea::fovea, all the libraries above.
function(fovea_umbrella)
  add_library(fovea_all INTERFACE)
  target_link_libraries(fovea_all INTERFACE ${FOVEA_LIBRARIES})
  set_target_properties(fovea_all PROPERTIES EXPORT_NAME fovea)
  add_library(fovea::fovea ALIAS fovea_all)
endfunction()

# Installs the program, the libraries and their headers; find_package(fovea) then offers fovea::fovea, and
# find_package(fovea COMPONENTS attention) fovea::attention with what that needs.
function(fovea_install)
  include(CMakePackageConfigHelpers)
  fovea_package_table(FOVEA_PACKAGE)
  set(destination ${CMAKE_INSTALL_LIBDIR}/cmake/fovea)
  configure_package_config_file(${CMAKE_CURRENT_SOURCE_DIR}/cmake/fovea-config.cmake.in
                                ${PROJECT_BINARY_DIR}/fovea-config.cmake INSTALL_DESTINATION ${destination})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/fovea-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(TARGETS fovea_all ${FOVEA_LIBRARIES} EXPORT fovea_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(TARGETS fovea_executable RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(EXPORT fovea_targets NAMESPACE fovea:: DESTINATION ${destination})
  install(FILES ${PROJECT_BINARY_DIR}/fovea-config.cmake ${PROJECT_BINARY_DIR}/fovea-config-version.cmake DESTINATION ${destination})
endfunction()

# fovea_test(name [USES fovea libraries] [TORCH] [ENTRY_PER_FILE]): the suite tests/<name>/*.cpp, one executable. It is one
# ctest entry or, where it is long, one for each file of tests: program/train_test.cpp is program.train.
function(fovea_test name)
  cmake_parse_arguments(ARG "TORCH;ENTRY_PER_FILE" "" "USES" ${ARGN})
  set(target test_${name})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  add_executable(${target} ${sources})
  list(TRANSFORM ARG_USES PREPEND fovea_)
  target_link_libraries(${target} PRIVATE ${ARG_USES} fovea_test_support fovea_test_main)
  fovea_compile_as_own(${target})
  target_compile_options(${target} PRIVATE ${FOVEA_TEST_OPTIONS})
  if(ARG_TORCH)
    fovea_uses_torch(${target} fovea_test_precompiled)
    fovea_use_openblas_openmp(${target})
  endif()
  if(ARG_ENTRY_PER_FILE)
    list(FILTER sources INCLUDE REGEX "_test[.]cpp$")
    foreach(source IN LISTS sources)
      cmake_path(GET source FILENAME file)
      string(REGEX REPLACE "_test[.]cpp$" "" part ${file})
      add_test(NAME ${name}.${part} COMMAND ${target} --file=${file} --gtest_brief=1)
      set_tests_properties(${name}.${part} PROPERTIES TIMEOUT ${FOVEA_TEST_SECONDS} ENVIRONMENT "${FOVEA_TEST_ENVIRONMENT}")
    endforeach()
  else()
    add_test(NAME ${name} COMMAND ${target} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${FOVEA_TEST_SECONDS} ENVIRONMENT "${FOVEA_TEST_ENVIRONMENT}")
  endif()
endfunction()
