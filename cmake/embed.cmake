# Files as a table in C: cmake -DOUT=FILE.c -DDIR=FOLDER -P embed.cmake
# The table is struct http_builtin sp_http_builtin[], ended by a path of NULL (cmd/http_welcome.h).

file(GLOB files RELATIVE ${DIR} ${DIR}/*)
list(SORT files)
set(text "/* Made from ${DIR} by cmake/embed.cmake. */\n#include \"cmd/http_welcome.h\"\n")
set(table "")
set(number 0)
foreach(name IN LISTS files)
	file(READ ${DIR}/${name} bytes HEX)
	string(LENGTH ${bytes} digits)
	math(EXPR len "${digits} / 2")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes ${bytes})
	string(APPEND text "static const unsigned char file_${number}[] = {${bytes}};\n")
	string(APPEND table "\t{ \"${name}\", file_${number}, ${len} },\n")
	math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "${text}const struct http_builtin sp_http_builtin[] = {\n${table}\t{ 0 },\n};\n")
