# Flags that depend on the preset.  -std and visibility are set in CMakeLists.txt.

if(SAMPAN_CORE_ONLY)
	# The core without a C library: only memcpy, memmove, memset, memcmp may stay undefined
	# (tools/check-symbols).  Position-dependent, so that const tables of pointers count as
	# read-only data and everything writable shows.  The frame limit is for small devices.
	add_compile_options(-ffreestanding -fno-stack-protector -fno-pic -fcf-protection=none
		-fno-asynchronous-unwind-tables -Wframe-larger-than=2048)
else()
	include(CheckPIESupported)
	check_pie_supported()
	set(CMAKE_POSITION_INDEPENDENT_CODE ON)
endif()

# Fat objects: libsampan.a also serves programs that are linked without LTO, or by another compiler.
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_C_COMPILER_ID STREQUAL GNU)
	set(CMAKE_C_COMPILE_OPTIONS_IPO -flto=auto -ffat-lto-objects)
	# What lies behind a dozen conditions is not therefore rare: gcc would make it small, not
	# fast, and divide where it could multiply (docs/decisions/0018).
	add_compile_options(--param=hot-bb-frequency-fraction=1000000)
	add_link_options(--param=hot-bb-frequency-fraction=1000000)
endif()

# For programs whose speed is of no matter: linking them as a whole takes seconds each.
function(sampan_no_ipo name)
	set_target_properties(${name} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
	if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
		target_link_options(${name} PRIVATE -fno-lto)
	endif()
endfunction()

if(SAMPAN_ASSERTS)
	add_compile_definitions(SP_CHECKS)
endif()

if(SAMPAN_HARDEN)
	add_compile_options(-fstack-protector-strong -fstack-clash-protection
		-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
	add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
	if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
		add_compile_options(-fcf-protection)
	endif()
endif()

if(SAMPAN_SANITIZE)
	add_compile_options(-fsanitize=${SAMPAN_SANITIZE} -fno-sanitize-recover=all
		-fno-omit-frame-pointer)
	add_link_options(-fsanitize=${SAMPAN_SANITIZE})
endif()
