/*
 * peer.h - the address that a user names: a number, or a name that a running instance
 * asks its name servers for.
 */
#ifndef SAMPAN_CMD_PEER_H
#define SAMPAN_CMD_PEER_H

#include <sampan/host.h>

#define PEER_ADDRS 32

struct peer {
	unsigned addrs;
	struct sampan_addr addr[PEER_ADDRS];	/* best first */
};

/* `instance` as sp_control_open_client() has it.  0, or the exit code after a message of
 * that command. */
int sp_peer_read(struct peer *peer, const char *command, const char *instance, const char *text);

#endif
