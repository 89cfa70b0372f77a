# add_connector(KIND NAME SOURCES file... [LIBRARIES target...])
#
#     pkg_check_modules(HIREDIS IMPORTED_TARGET hiredis)
#     if(HIREDIS_FOUND)
#       add_connector(cache redis SOURCES redis.c LIBRARIES PkgConfig::HIREDIS)
#     else()
#       leave_out_connector(cache redis libhiredis-dev)
#     endif()
#
# makes <build>/server/connectors/cache-redis.so, installed to lib/deepstream. It sees plugin.h, libuv,
# runtime/base and shared/, of which it gets copies that nobody else sees, and what it links. It stays loaded
# until the process ends: libraries of databases keep threads and data of threads.
function(add_connector kind name)
  cmake_parse_arguments(PARSE_ARGV 2 connector "" "" "SOURCES;LIBRARIES")
  set(target connector_${kind}_${name})
  add_library(${target} MODULE ${connector_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/server/include)
  target_link_libraries(${target} PRIVATE warnings connector_shared ${connector_LIBRARIES})
  target_link_options(${target} PRIVATE -Wl,-z,nodelete)
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME ${kind}-${name} C_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/server/connectors)
  install(TARGETS ${target} DESTINATION lib/deepstream)
  add_dependencies(connectors ${target})
  set_property(GLOBAL APPEND PROPERTY CONNECTORS_BUILT ${kind}-${name})
endfunction()

# leave_out_connector(KIND NAME LIBRARY): it is not built, for want of a library.
function(leave_out_connector kind name library)
  set_property(GLOBAL APPEND PROPERTY CONNECTORS_LEFT_OUT "${kind}-${name} (${library} missing)")
endfunction()

function(report_connectors)
  foreach(list BUILT LEFT_OUT)
    get_property(names GLOBAL PROPERTY CONNECTORS_${list})
    list(JOIN names ", " text)
    if(NOT text)
      set(text none)
    endif()
    set(${list} "${text}")
  endforeach()
  message(STATUS "connectors: built ${BUILT}; left out ${LEFT_OUT}")
endfunction()

add_custom_target(connectors)
