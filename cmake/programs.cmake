# The command, the benchmarks and the examples.  Each links the static libraries.

set(SAMPAN_STATIC_LIBS)
foreach(lib sampan-sim-static sampan-host-static sampan-static)
	if(TARGET ${lib})
		list(APPEND SAMPAN_STATIC_LIBS ${lib})
	endif()
endforeach()

function(sampan_program name)
	add_executable(${name} ${ARGN})
	target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
	target_include_directories(${name} PRIVATE
		${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
	target_link_libraries(${name} PRIVATE ${SAMPAN_STATIC_LIBS})
endfunction()

# llhttp: Debian ships its C sources, not a library (docs/decisions/0008-http-parser.md).
find_path(LLHTTP_SOURCE_DIR llhttp.c PATHS /usr/share/llhttp)
find_path(LLHTTP_INCLUDE_DIR llhttp/llhttp.h PATHS /usr/share/include)
if(NOT LLHTTP_SOURCE_DIR OR NOT LLHTTP_INCLUDE_DIR)
	message(FATAL_ERROR "node-llhttp is missing: run tools/setup")
endif()
add_library(llhttp STATIC ${LLHTTP_SOURCE_DIR}/llhttp.c ${LLHTTP_SOURCE_DIR}/api.c
	${LLHTTP_SOURCE_DIR}/http.c)
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE_DIR}
	PRIVATE ${LLHTTP_INCLUDE_DIR}/llhttp)
target_compile_options(llhttp PRIVATE -w)

# What the sandbox of `sampan serve` is made of.
foreach(lib seccomp cap-ng)
	find_library(SANDBOX_${lib} ${lib})
	if(NOT SANDBOX_${lib})
		message(FATAL_ERROR "lib${lib}-dev is missing: run tools/setup")
	endif()
	list(APPEND SAMPAN_SANDBOX_LIBS ${SANDBOX_${lib}})
endforeach()

# The command: all but its main() is a library for its tests.
file(GLOB cmd_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cmd/*.c)
list(REMOVE_ITEM cmd_sources ${PROJECT_SOURCE_DIR}/src/cmd/main.c)
if(cmd_sources AND SAMPAN_STATIC_LIBS)
	# The welcome page of the http service, as C.
	set(welcome ${PROJECT_SOURCE_DIR}/src/cmd/welcome)
	file(GLOB welcome_files CONFIGURE_DEPENDS ${welcome}/*)
	add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/welcome.c
		COMMAND ${CMAKE_COMMAND} -DOUT=${CMAKE_BINARY_DIR}/welcome.c -DDIR=${welcome}
			-P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
		DEPENDS ${welcome_files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
	add_library(sampan-cmd-static STATIC ${cmd_sources} ${CMAKE_BINARY_DIR}/welcome.c)
	target_compile_definitions(sampan-cmd-static PRIVATE _GNU_SOURCE
		SAMPAN_BUILD_VERSION="${PROJECT_VERSION}")
	target_compile_options(sampan-cmd-static PRIVATE ${SAMPAN_TAPED})
	target_include_directories(sampan-cmd-static PRIVATE
		${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
	target_include_directories(sampan-cmd-static SYSTEM PUBLIC ${CJSON_INCLUDE_DIR})
	target_link_libraries(sampan-cmd-static PUBLIC ${SAMPAN_STATIC_LIBS} ${CJSON_LIBRARY}
		llhttp ${SAMPAN_SANDBOX_LIBS})
	sampan_program(sampan-cmd ${PROJECT_SOURCE_DIR}/src/cmd/main.c)
	set_target_properties(sampan-cmd PROPERTIES OUTPUT_NAME sampan)
	target_link_libraries(sampan-cmd PRIVATE sampan-cmd-static)
	target_link_options(sampan-cmd PRIVATE -Wl,--as-needed)
	# Manual pages and completion are what the command says of itself.
	add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/man/sampan.1
		COMMAND ${PROJECT_SOURCE_DIR}/tools/man-pages $<TARGET_FILE:sampan-cmd>
			${CMAKE_BINARY_DIR}/man
		DEPENDS sampan-cmd ${PROJECT_SOURCE_DIR}/tools/man-pages VERBATIM)
	add_custom_target(sampan-man ALL DEPENDS ${CMAKE_BINARY_DIR}/man/sampan.1)
endif()

# The packet-script runner: all but its main() is a library for its tests.
file(GLOB pkt_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/pkt/*.c)
list(REMOVE_ITEM pkt_sources ${PROJECT_SOURCE_DIR}/src/pkt/main.c)
if(pkt_sources AND SAMPAN_STATIC_LIBS)
	add_library(sampan-pkt-static STATIC ${pkt_sources})
	target_compile_definitions(sampan-pkt-static PRIVATE _GNU_SOURCE)
	target_include_directories(sampan-pkt-static PRIVATE
		${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
	target_link_libraries(sampan-pkt-static PUBLIC ${SAMPAN_STATIC_LIBS})
	sampan_program(sampan-pkt ${PROJECT_SOURCE_DIR}/src/pkt/main.c)
	target_link_libraries(sampan-pkt PRIVATE sampan-pkt-static)
	sampan_no_ipo(sampan-pkt)
	sampan_no_ipo(sampan-pkt-static)
endif()

file(GLOB bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
if(bench_sources AND SAMPAN_STATIC_LIBS)
	sampan_program(sampan-bench ${bench_sources} ${PROJECT_SOURCE_DIR}/tests/lib/flood.c)
	target_include_directories(sampan-bench PRIVATE ${PROJECT_SOURCE_DIR}/bench ${PROJECT_SOURCE_DIR}/tests)
endif()

# One run over an emulated path against the kernel: tools/paths.
file(GLOB path_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/path/*.c)
if(path_sources AND SAMPAN_STATIC_LIBS)
	sampan_program(sampan-path ${path_sources})
	target_include_directories(sampan-path PRIVATE ${PROJECT_SOURCE_DIR}/bench)
	sampan_no_ipo(sampan-path)
endif()

# An example sees what a user sees: the public headers only.
file(GLOB example_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(source IN LISTS example_sources)
	get_filename_component(name ${source} NAME_WE)
	add_executable(example-${name} ${source})
	target_compile_definitions(example-${name} PRIVATE _GNU_SOURCE)
	sampan_no_ipo(example-${name})
	target_link_libraries(example-${name} PRIVATE ${SAMPAN_STATIC_LIBS})
	set_target_properties(example-${name} PROPERTIES OUTPUT_NAME ${name}
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/examples)
endforeach()
