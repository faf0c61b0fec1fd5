/*
 * http_mime.h - what a file is, by the end of its name.
 */
#ifndef SAMPAN_CMD_HTTP_MIME_H
#define SAMPAN_CMD_HTTP_MIME_H

/* The value of Content-Type; application/octet-stream if nothing is known. */
const char *sp_http_mime(const char *path);

#endif
