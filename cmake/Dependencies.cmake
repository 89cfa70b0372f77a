# Every library comes from Debian packages (README, "Building"); nothing is vendored or downloaded.
find_package(PkgConfig REQUIRED)
find_package(BISON 3.8 REQUIRED)
find_package(Threads REQUIRED)
find_program(RE2C re2c REQUIRED)

pkg_check_modules(PCRE2_8 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(PCRE2_16 REQUIRED IMPORTED_TARGET libpcre2-16)
pkg_check_modules(PCRE2_32 REQUIRED IMPORTED_TARGET libpcre2-32)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka)

find_library(UNISTRING unistring REQUIRED)
