/*
 * error.c - codes of the core as errno values.
 */
#include <errno.h>

#include <sampan/host.h>

int
sampan_errno(int error)
{
	if (error == 0)
		return 0;
	switch ((enum sampan_error)error) {
	case SAMPAN_EAGAIN: return EAGAIN;
	case SAMPAN_EINVAL: return EINVAL;
	case SAMPAN_EBADHANDLE: return EBADF;
	case SAMPAN_ENOBUFS: return ENOBUFS;
	case SAMPAN_EADDRINUSE: return EADDRINUSE;
	case SAMPAN_EADDRNOTAVAIL: return EADDRNOTAVAIL;
	case SAMPAN_ENETUNREACH: return ENETUNREACH;
	case SAMPAN_EHOSTUNREACH: return EHOSTUNREACH;
	case SAMPAN_ECONNREFUSED: return ECONNREFUSED;
	case SAMPAN_ECONNRESET: return ECONNRESET;
	case SAMPAN_ECONNABORTED: return ECONNABORTED;
	case SAMPAN_ETIMEDOUT: return ETIMEDOUT;
	case SAMPAN_ENOTCONN: return ENOTCONN;
	case SAMPAN_EISCONN: return EISCONN;
	case SAMPAN_EALREADY: return EALREADY;
	case SAMPAN_EINPROGRESS: return EINPROGRESS;
	case SAMPAN_EPIPE: return EPIPE;
	case SAMPAN_EOPNOTSUPP: return EOPNOTSUPP;
	case SAMPAN_ENOENT: return ENOENT;
	case SAMPAN_ERANGE: return ERANGE;
	case SAMPAN_EMSGSIZE: return EMSGSIZE;
	case SAMPAN_ENOSPACE: return ENOSPC;
	}
	return EINVAL;	/* not a code of ours */
}
