# SANITIZE is a list for -fsanitize=, for example "address,undefined" or "thread".
set(SANITIZE "" CACHE STRING "sanitizers to build with")
if(SANITIZE)
  add_compile_options(-fsanitize=${SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SANITIZE})
endif()
