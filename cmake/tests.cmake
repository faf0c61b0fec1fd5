# Tests: every tests/{unit,tcp,udp,sim}/<file>.c is one cmocka program <folder>_<file>, every
# fuzz/<file>.c is one program fuzz_<file>.  tools/run-tests runs what ctest knows.

if(SAMPAN_TESTS STREQUAL OFF OR NOT SAMPAN_STATIC_LIBS)
	return()
endif()

find_library(CMOCKA_LIBRARY cmocka)
find_path(CMOCKA_INCLUDE_DIR cmocka.h)
if(NOT CMOCKA_LIBRARY OR NOT CMOCKA_INCLUDE_DIR)
	if(SAMPAN_TESTS STREQUAL AUTO)
		message(STATUS "No tests: libcmocka-dev is missing (tools/setup)")
		return()
	endif()
	message(FATAL_ERROR "libcmocka-dev is missing: run tools/setup")
endif()

# Linking eighty programs with LTO would take a minute and test nothing more.
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION)
	set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)
	add_link_options(-fno-lto)
endif()

enable_testing()
set(test_dir ${PROJECT_SOURCE_DIR}/tests)

# A sanitizer, not cmocka, reports a fault: it prints the stack.
set(test_environment
	"ASAN_OPTIONS=handle_segv=2:handle_sigbus=2:handle_sigfpe=2:handle_sigill=2:handle_abort=2:print_legend=0:detect_leaks=1:detect_stack_use_after_return=1"
	"UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1")

# Headers of the test vocabulary are "lib/test.h".
function(sampan_test_target name)
	target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
	target_include_directories(${name} PRIVATE ${test_dir}
		${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
	target_include_directories(${name} SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIR})
endfunction()

function(sampan_add_test name)
	add_test(NAME ${name} COMMAND ${name} ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
	set_tests_properties(${name} PROPERTIES TIMEOUT 300 ENVIRONMENT "${test_environment}")
endfunction()

function(sampan_add_test_ip6 name)
	add_test(NAME ${name}_ip6 COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
	set_tests_properties(${name}_ip6 PROPERTIES TIMEOUT 300
		ENVIRONMENT "${test_environment};SAMPAN_FAMILY=6")
endfunction()

# main.c is apart: a fuzzer has its own main.
file(GLOB lib_sources CONFIGURE_DEPENDS ${test_dir}/lib/*.c)
set(main_source ${test_dir}/lib/main.c)
list(REMOVE_ITEM lib_sources ${main_source})
add_library(sampan-test STATIC ${lib_sources})
add_library(sampan-test-main OBJECT ${main_source})
sampan_test_target(sampan-test)
sampan_test_target(sampan-test-main)
foreach(lib sampan-pkt-static sampan-cmd-static)
	if(TARGET ${lib})
		target_link_libraries(sampan-test PUBLIC ${lib})
	endif()
endforeach()
target_link_libraries(sampan-test PUBLIC ${SAMPAN_STATIC_LIBS} ${CMOCKA_LIBRARY} m)

foreach(kind unit tcp udp sim)
	file(GLOB sources CONFIGURE_DEPENDS ${test_dir}/${kind}/*.c)
	foreach(source IN LISTS sources)
		get_filename_component(stem ${source} NAME_WE)
		set(name ${kind}_${stem})
		add_executable(${name} ${source} $<TARGET_OBJECTS:sampan-test-main>)
		sampan_test_target(${name})
		target_link_libraries(${name} PRIVATE sampan-test)
		set_target_properties(${name} PROPERTIES
			RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
		sampan_add_test(${name})
		# The same words over IPv6, but for what is about IPv4: tests/lib/fx.h.
		if(kind MATCHES "^(tcp|udp)$" AND NOT stem MATCHES "^(address|icmp_error|options|server_10k)$")
			sampan_add_test_ip6(${name})
		endif()
	endforeach()
endforeach()

# With libFuzzer a fuzzer searches; otherwise fuzz/lib/replay.c replays the corpus and some random
# inputs, the same on every run.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/*.c)
foreach(source IN LISTS fuzz_sources)
	get_filename_component(stem ${source} NAME_WE)
	set(name fuzz_${stem})
	if(SAMPAN_FUZZ)
		add_executable(${name} ${source})
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
	else()
		add_executable(${name} ${source} ${PROJECT_SOURCE_DIR}/fuzz/lib/replay.c)
		sampan_add_test(${name} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${stem})
	endif()
	sampan_test_target(${name})
	target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz)
	target_link_libraries(${name} PRIVATE sampan-test)
	set_target_properties(${name} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endforeach()
