# The warnings of the project, for gcc 12 and clang 14: all that find bugs.
#
# Deliberately left out, with the reason:
#   -Wswitch-default        a switch on a closed set has no default, so that -Wswitch-enum can find
#                           the forgotten value
#   -Wpadded -Winline       say how the compiler lays out and inlines; static_assert holds the
#                           layouts that matter
#   -Waggregate-return      small structs are returned by value on purpose (plans, sequence numbers)
#   -Wformat-signedness     fires on every enum printed with %d, which is unsigned only for gcc
#   -Wbad-function-cast     a cast call such as (uint32_t)f() is how narrowing is made visible
#   -Wstrict-overflow       reports what the optimizer used, not what is wrong; UBSan finds overflow
#   -Wunused-macros         public constants and X-lists are used elsewhere
#   -Wc++-compat            void * converts implicitly in C; public headers are compiled as C++ by
#                           tools/check-includes
#   -Wsuggest-attribute=*   advice about speed, differs between versions
#   -Wdeclaration-after-statement  variables are declared where they get their value
#   -Wdocumentation         comments are prose, not markup
#   -Wunsafe-buffer-usage   and the rest of clang's -Weverything: contradict C itself

set(SAMPAN_WARNINGS
	-Wall -Wextra -Wpedantic
	-Wshadow
	-Wconversion -Wsign-conversion	# narrowing and sign changes are written down
	-Wdouble-promotion
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
	-Wnested-externs -Wredundant-decls
	-Wvla -Walloca
	-Wcast-qual
	-Wpointer-arith
	-Wwrite-strings
	-Wundef
	-Wswitch-enum			# a switch names every value
	-Wformat=2
	-Winit-self
	-Wdate-time			# the build is reproducible
	-Wunused)

if(CMAKE_C_COMPILER_ID STREQUAL GNU)
	list(APPEND SAMPAN_WARNINGS
		-Wcast-align=strict	# as on a machine that cannot load unaligned
		-Wimplicit-fallthrough=5	# only the attribute counts, not a comment
		-Wduplicated-cond -Wduplicated-branches
		-Wlogical-op
		-Wjump-misses-init
		-Wtrampolines
		-Warray-bounds=2
		-Wnull-dereference)
elseif(CMAKE_C_COMPILER_ID MATCHES Clang)
	list(APPEND SAMPAN_WARNINGS
		-Wcast-align
		-Wimplicit-fallthrough
		-Wcomma
		-Wconditional-uninitialized
		-Wcovered-switch-default	# a default that hides a forgotten value
		-Wmissing-variable-declarations
		-Wunreachable-code
		-Wshift-sign-overflow
		-Wloop-analysis)
endif()

if(SAMPAN_SANITIZE AND CMAKE_C_COMPILER_ID STREQUAL GNU)
	# The checks that a sanitizer inserts make these two fire on sound code; the release build
	# has them.
	list(REMOVE_ITEM SAMPAN_WARNINGS -Wnull-dereference)
	list(APPEND SAMPAN_WARNINGS -Wno-maybe-uninitialized)
endif()

# A newer compiler knows new warnings; they must not stop somebody who only wants to build.
if(SAMPAN_WERROR STREQUAL AUTO)
	if((CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_C_COMPILER_VERSION MATCHES "^12\\.") OR
	   (CMAKE_C_COMPILER_ID STREQUAL Clang AND CMAKE_C_COMPILER_VERSION MATCHES "^14\\."))
		list(APPEND SAMPAN_WARNINGS -Werror)
	endif()
elseif(SAMPAN_WERROR)
	list(APPEND SAMPAN_WARNINGS -Werror)
endif()

add_compile_options(${SAMPAN_WARNINGS})
