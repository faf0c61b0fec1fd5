/*
 * conf.h - names of settings as people write them.
 */
#ifndef SAMPAN_HOST_CONF_H
#define SAMPAN_HOST_CONF_H

/* As sysctl(8) has it: where a slash comes first it is what separates, and a dot
 * belongs to a name such as eth0.1. */
void sp_conf_dots(char *name);

#endif
