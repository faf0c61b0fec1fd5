# What `make install` puts where: libraries, headers, the command, pkg-config and CMake files.

if(NOT TARGET sampan-static)
	return()
endif()

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sampan)

set(installed)
foreach(target sampan-static sampan-shared sampan-host-static sampan-host-shared sampan-sim-static)
	if(TARGET ${target})
		list(APPEND installed ${target})
	endif()
endforeach()
install(TARGETS ${installed} EXPORT sampan-targets)
install(EXPORT sampan-targets NAMESPACE sampan:: DESTINATION ${package_dir})
install(DIRECTORY include/sampan DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
	FILES_MATCHING PATTERN "*.h")
foreach(program sampan-cmd sampan-pkt)
	if(TARGET ${program})
		install(TARGETS ${program})
	endif()
endforeach()

if(TARGET sampan-man)
	install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
		FILES_MATCHING PATTERN "*.1")
	install(FILES ${CMAKE_BINARY_DIR}/man/sampan.bash RENAME sampan
		DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()

configure_package_config_file(cmake/sampan-config.cmake.in
	${CMAKE_BINARY_DIR}/sampan-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/sampan-config-version.cmake
	COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/sampan-config.cmake
	${CMAKE_BINARY_DIR}/sampan-config-version.cmake DESTINATION ${package_dir})

# The .pc files find their prefix by where they lie, so that the tree can be moved.
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pc_to_prefix "/${pc_dir}" /)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
set(pc_names sampan)
if(TARGET sampan-host-static)
	list(APPEND pc_names sampan-host)
endif()
foreach(name IN LISTS pc_names)
	configure_file(cmake/${name}.pc.in ${CMAKE_BINARY_DIR}/${name}.pc @ONLY)
	install(FILES ${CMAKE_BINARY_DIR}/${name}.pc DESTINATION ${pc_dir})
endforeach()
