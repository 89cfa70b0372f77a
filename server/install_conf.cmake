# Lays out the shipped configuration, when it is installed, but never over one that is there already.
# Records go where a system keeps them, and not beside the configuration.

if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(root "")
else()
  set(root ${CMAKE_INSTALL_PREFIX})
endif()
set(records ${root}/var/lib/deepstream)
set(folder $ENV{DESTDIR}${root}/etc/deepstream)

function(lay_out source target)
  if(EXISTS ${folder}/${target})
    message(STATUS "Keeping: ${folder}/${target}")
    return()
  endif()
  message(STATUS "Installing: ${folder}/${target}")
  file(READ ${CMAKE_CURRENT_LIST_DIR}/conf/${source} text)
  string(REPLACE "path: deepstream.sqlite" "path: ${records}/deepstream.sqlite" text "${text}")
  file(WRITE ${folder}/${target} "${text}")
endfunction()

lay_out(config.yml conf.yml)
lay_out(permissions.yml permissions.yml)
lay_out(users.yml users.yml)
file(MAKE_DIRECTORY $ENV{DESTDIR}${records})
