# Compilation of fovea's own code: warnings, sanitizers, ccache with precompiled headers, and the BLAS at run time.

add_library(fovea_warnings INTERFACE)
target_compile_options(fovea_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 reports impossible overlaps and overflows inside std::string's own operator+ (GCC bug 105651).
  target_compile_options(fovea_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 13 and later take a registry's row for a part of the temporary that it was looked up with.
  target_compile_options(fovea_warnings INTERFACE -Wno-dangling-reference)
endif()
if(FOVEA_WARNINGS_AS_ERRORS)
  target_compile_options(fovea_warnings INTERFACE -Werror)
endif()

# ccache refuses to cache a file that uses a precompiled header until it is told that the header's defines and
# __TIME__ do not matter; -fpch-preprocess makes GCC name the header in what ccache hashes.
if(PROJECT_IS_TOP_LEVEL)
  find_program(FOVEA_CCACHE ccache)
endif()
if(FOVEA_CCACHE)
  set(fovea_launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
                     ${FOVEA_CCACHE})
endif()

# Compiles a target as fovea's own code. Nothing is set for a whole directory: fovea can be a part of another project.
function(fovea_compile_as_own target)
  set_target_properties(${target} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
                                             POSITION_INDEPENDENT_CODE ON)
  if(FOVEA_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${FOVEA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${FOVEA_SANITIZE})
  endif()
  if(FOVEA_CCACHE)
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER "${fovea_launcher}")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -fpch-preprocess)
    endif()
  endif()
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:fovea_warnings>)
endfunction()

# LibTorch's OpenMP and OpenBLAS's own threads compete for the cores. An old-style RPATH goes before the machine's
# BLAS alternatives and covers LibTorch's own dependency, so fovea runs on OpenBLAS-OpenMP and changes nothing else.
set(FOVEA_BLAS_DIRECTORY "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-openmp" CACHE PATH "Folder of the OpenMP OpenBLAS")
function(fovea_use_openblas_openmp target)
  if(EXISTS ${FOVEA_BLAS_DIRECTORY})
    target_link_options(${target} PRIVATE -Wl,--disable-new-dtags)
    set_target_properties(${target} PROPERTIES BUILD_RPATH ${FOVEA_BLAS_DIRECTORY} INSTALL_RPATH ${FOVEA_BLAS_DIRECTORY})
  else()
    message(WARNING "fovea: ${FOVEA_BLAS_DIRECTORY} is missing; ${target} will use the machine's default BLAS, which may be slow "
                    "(install libopenblas0-openmp)")
  endif()
endfunction()
