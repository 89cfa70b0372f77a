# What the program shows to the shared objects that it loads: the functions of plugin.h, and nothing
# else. A program that loads plugins links `plugin_host_functions`.

set(headers values.h http.h connections.h) # that declare functions
list(TRANSFORM headers PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/include/deepstream/plugin/)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers})

set(names "")
foreach(header IN LISTS headers)
  file(STRINGS ${header} declarations REGEX "^[a-z].*[ *]ds_[a-z_]+\\([^(]*\\);")
  foreach(declaration IN LISTS declarations)
    if(NOT declaration MATCHES "^typedef" AND declaration MATCHES "[ *](ds_[a-z_]+)\\(")
      string(APPEND names "  ${CMAKE_MATCH_1};\n")
    endif()
  endforeach()
endforeach()
set(list ${CMAKE_CURRENT_BINARY_DIR}/exported_functions.txt)
file(GENERATE OUTPUT ${list} CONTENT "{\n${names}};\n")

add_library(plugin_host_functions INTERFACE)
target_link_options(plugin_host_functions INTERFACE -Wl,--dynamic-list=${list})
set_property(TARGET plugin_host_functions PROPERTY INTERFACE_LINK_DEPENDS ${list})
