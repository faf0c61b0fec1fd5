/*
 * fd.c - descriptors.
 */
#include "pkt/fd.h"

struct pkt_fd *
sp_pkt_fd_find(const struct pkt_run *r, int64_t label)
{
	struct pkt_fd *fd = r->fds;

	while (fd != NULL && (fd->closed || fd->label != label))
		fd = fd->next;
	return fd;
}

struct pkt_fd *
sp_pkt_fd_add(struct pkt_run *r, enum pkt_fd_kind kind, int os, int64_t label)
{
	struct pkt_fd *fd;

	for (label = label < 0 ? 3 : label; label < INT32_MAX; label++) {
		fd = sp_pkt_fd_find(r, label);
		if (fd == NULL)
			break;
	}
	fd = sp_pkt_alloc(&r->pool, sizeof(*fd));
	fd->label = (int)label;
	fd->kind = kind;
	fd->os = os;
	fd->linger_s = -1;
	fd->next = r->fds;
	r->fds = fd;
	return fd;
}

struct pkt_conn *
sp_pkt_fd_conn(struct pkt_run *r, struct pkt_fd *fd)
{
	struct sampan_sockaddr local, peer;

	if (fd->is_datagram)
		return NULL;
	if (fd->remote_port == 0 && r->w->ops->ends(r->w, fd->os, &local, &peer) == 0) {
		fd->local_port = local.port;
		fd->remote_port = peer.port;
	}
	return fd->remote_port == 0 ? NULL :
	    sp_pkt_conn_get(r, PKT_TCP, fd->local_port, fd->remote_port);
}
