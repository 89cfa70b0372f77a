# One list of warnings for all code that people write here. Generated lexers and parsers get
# `generated_code`, which leaves out what their generators cannot promise.
add_library(warnings INTERFACE)
target_compile_options(warnings INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wundef -Wvla -Wpointer-arith -Wwrite-strings
  -Wformat=2 -fno-common -fstack-protector-strong)

add_library(generated_code INTERFACE)
target_compile_options(generated_code INTERFACE -Wall -Wextra -Werror -fno-common)
