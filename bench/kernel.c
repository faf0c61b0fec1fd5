/*
 * kernel.c - see kernel.h.
 */
#include "kernel.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE_BYTES 65536	/* as the services of `sampan serve` read */

static int
listen_on(uint16_t port)
{
	const struct sockaddr_in6 local = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&local, sizeof(local)) != 0 ||
	    listen(fd, 16) != 0)
		return -1;
	return fd;
}

static bool
write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(fd, data, len);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void
serve_one(int fd, bool echo)
{
	static uint8_t piece[PIECE_BYTES];
	const int on = 1;
	ssize_t n;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	do {
		n = read(fd, piece, sizeof(piece));
	} while (n > 0 && (!echo || write_all(fd, piece, (size_t)n)));
	(void)close(fd);
}

int
kernel_serve(void)
{
	struct pollfd listeners[2] = {
		{ .fd = listen_on(KERNEL_ECHO_PORT), .events = POLLIN },
		{ .fd = listen_on(KERNEL_DISCARD_PORT), .events = POLLIN },
	};

	if (listeners[0].fd < 0 || listeners[1].fd < 0)
		return 1;
	while (poll(listeners, 2, -1) > 0) {
		for (unsigned i = 0; i < 2; i++) {
			const int fd = listeners[i].fd;

			if (listeners[i].revents != 0)
				serve_one(accept4(fd, NULL, NULL, SOCK_CLOEXEC), i == 0);
		}
	}
	return 1;
}
