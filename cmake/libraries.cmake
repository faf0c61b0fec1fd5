# libsampan (the core), libsampan-host (Linux), each static and shared from one compilation, and
# libsampan-sim (networks in virtual time), static.

set(SAMPAN_CORE_LAYERS base wire buf net udp tcp sock)
set(SAMPAN_HOST_LAYERS link host)

function(sampan_layer_sources var)
	set(globs)
	foreach(layer IN LISTS ARGN)
		list(APPEND globs ${PROJECT_SOURCE_DIR}/src/${layer}/*.c)
	endforeach()
	file(GLOB sources CONFIGURE_DEPENDS ${globs})
	set(${var} ${sources} PARENT_SCOPE)
endfunction()

# The include root of the sources is src/ ("wire/tcp.h"), of the public headers include/.
function(sampan_objects name)
	add_library(${name} OBJECT ${ARGN})
	target_include_directories(${name} PRIVATE
		${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
endfunction()

function(sampan_static name objects output)
	add_library(${name} STATIC $<TARGET_OBJECTS:${objects}>)
	set_target_properties(${name} PROPERTIES OUTPUT_NAME ${output} LINKER_LANGUAGE C)
	target_include_directories(${name} PUBLIC
		$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
		$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

# Only sampan_* leaves a shared library: by visibility, and by the version script in case a mark
# is forgotten on a name that is not ours to export.
function(sampan_shared name objects output)
	set(map ${PROJECT_SOURCE_DIR}/cmake/sampan.map)
	add_library(${name} SHARED $<TARGET_OBJECTS:${objects}>)
	set_target_properties(${name} PROPERTIES
		OUTPUT_NAME ${output}
		LINKER_LANGUAGE C
		VERSION ${PROJECT_VERSION}
		SOVERSION ${PROJECT_VERSION_MAJOR}
		LINK_DEPENDS ${map})
	target_link_options(${name} PRIVATE -Wl,--version-script=${map})
	if(NOT SAMPAN_SANITIZE)
		target_link_options(${name} PRIVATE -Wl,--no-undefined)
	endif()
	target_include_directories(${name} PUBLIC
		$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
		$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

sampan_layer_sources(core_sources ${SAMPAN_CORE_LAYERS})
if(core_sources)
	sampan_objects(sampan-core-objects ${core_sources})
	# What every segment passes gains a twentieth of its instructions from more inlining.
	target_compile_options(sampan-core-objects PRIVATE "$<$<CONFIG:Release>:-O3>")
	# Structs are cleared in line: gcc's "rep stos" takes as long as a segment.  No vectors are
	# put together of members: gcc does that on the stack, and the processor waits for it.
	set(in_line -mmemset-strategy=vector_loop:512:noalign,libcall:-1:noalign
		-fno-tree-slp-vectorize)
	if(CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
		target_compile_options(sampan-core-objects PRIVATE "$<$<CONFIG:Release>:${in_line}>")
	endif()
	sampan_static(sampan-static sampan-core-objects sampan)
	if(SAMPAN_SHARED AND NOT SAMPAN_CORE_ONLY)
		sampan_shared(sampan-shared sampan-core-objects sampan)
	endif()
endif()

if(NOT SAMPAN_CORE_ONLY)
	sampan_layer_sources(host_sources ${SAMPAN_HOST_LAYERS})
endif()
if(TARGET sampan-static AND host_sources)
	find_package(Threads REQUIRED)
	find_library(CJSON_LIBRARY cjson)
	find_path(CJSON_INCLUDE_DIR cjson/cJSON.h)
	if(NOT CJSON_LIBRARY OR NOT CJSON_INCLUDE_DIR)
		message(FATAL_ERROR "libcjson-dev is missing: run tools/setup")
	endif()
	find_library(PCAP_LIBRARY pcap)
	find_path(PCAP_INCLUDE_DIR pcap/pcap.h)
	if(NOT PCAP_LIBRARY OR NOT PCAP_INCLUDE_DIR)
		message(FATAL_ERROR "libpcap-dev is missing: run tools/setup")
	endif()
	sampan_objects(sampan-host-objects ${host_sources})
	target_compile_definitions(sampan-host-objects PRIVATE _GNU_SOURCE)
	# Calls that change a stack go by the tape: src/link/tape_calls.h.
	set(SAMPAN_TAPED -include ${PROJECT_SOURCE_DIR}/src/link/tape_calls.h)
	target_compile_options(sampan-host-objects PRIVATE ${SAMPAN_TAPED})
	sampan_static(sampan-host-static sampan-host-objects sampan-host)
	target_link_libraries(sampan-host-static PUBLIC sampan-static Threads::Threads cjson pcap)
	if(SAMPAN_SHARED)
		sampan_shared(sampan-host-shared sampan-host-objects sampan-host)
		# Public calls come from libsampan.so.  Functions of the core that are not exported
		# (checksum, lists, rng) are pure: host takes private copies out of the archive.
		target_link_libraries(sampan-host-shared PUBLIC sampan-shared Threads::Threads
			PRIVATE cjson pcap $<BUILD_INTERFACE:$<TARGET_FILE:sampan-static>>)
		target_link_options(sampan-host-shared PRIVATE -Wl,--exclude-libs,libsampan.a)
		add_dependencies(sampan-host-shared sampan-static)
	endif()
endif()

if(TARGET sampan-host-static)
	sampan_layer_sources(sim_sources sim)
	sampan_objects(sampan-sim-objects ${sim_sources})
	target_compile_definitions(sampan-sim-objects PRIVATE _GNU_SOURCE)
	sampan_static(sampan-sim-static sampan-sim-objects sampan-sim)
	target_link_libraries(sampan-sim-static PUBLIC sampan-host-static)
endif()
