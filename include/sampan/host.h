/*
 * host.h - for programs on Linux: ready-made links, an event loop, a control
 * socket, memory.
 *
 * Everything here is built on the public calls of sampan.h and socket.h and
 * can be replaced by code of your own.  A call that fails returns -1 or NULL
 * and sets errno, as system calls do; those that take `why` also write one
 * line there that says what to do.  Errno EINVAL then means that the caller
 * asked for something impossible, any other that the machine refused.
 * One thread per loop and everything in it.  Needs Linux 5.11.
 */
#ifndef SAMPAN_HOST_H
#define SAMPAN_HOST_H

#include <sampan/sampan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The errno value of a negative SAMPAN_E* code; 0 for 0. */
SAMPAN_API int sampan_errno(int error);

/* The time on CLOCK_MONOTONIC. */
SAMPAN_API sampan_time sampan_clock(void);

/* Fills in what suits this machine: a secret seed from the kernel, the
 * fastest checksum that the processor has, a trace of 4,096 entries. */
SAMPAN_API int sampan_config_fill(struct sampan_config *config);

/* Private memory for sampan_init(), huge pages asked for.  It is not counted
 * as used by the system before it is touched; `touch` does that now (Linux
 * 5.14), so that later use is never slowed by it. */
SAMPAN_API void *sampan_memory_alloc(size_t bytes, bool touch);
SAMPAN_API void sampan_memory_free(void *memory, size_t bytes);

/* ---- Links ---- */

struct sampan_link;

/* Room that every message of `why` fits in. */
#define SAMPAN_WHY_BYTES 256

/* Opens a link by its description:
 *
 *	tap:NAME[,host=ADDR/LEN][,mtu=N][,offload=on|off]
 *
 * a TAP interface.  It is created if there is none of that name, and vanishes
 * with the process then.  host= gives the kernel's side an address, mtu= a
 * size (1500); the interface is brought up.  NAME may hold one %d: the kernel
 * picks a free number.  offload=off makes both sides cut and checksum. */
SAMPAN_API int sampan_link_open(const char *spec, struct sampan_link **out, char *why,
    size_t why_len);

/* Adds the link to a stack, which must outlive it or never be called with it
 * again, and returns its number there. */
SAMPAN_API int sampan_link_attach(struct sampan_link *link, struct sampan *s);

/* The interface's name; the kernel's address on it (false: none was asked
 * for); the descriptor to wait on (-1: none). */
SAMPAN_API const char *sampan_link_name(const struct sampan_link *link);
SAMPAN_API bool sampan_link_host(const struct sampan_link *link, unsigned i,
    struct sampan_addr *addr, unsigned *prefix_bits);
SAMPAN_API int sampan_link_fd(const struct sampan_link *link);

/* Up to 64 frames that arrived go into the attached stack; returns how many.
 * 64: there may be more. */
SAMPAN_API unsigned sampan_link_input(struct sampan_link *link, sampan_time now);

/* Up to 64 frames of the attached stack are sent; returns how many.  Those
 * that found no room stay with the link, which takes no more from the stack
 * before they are out: sampan_link_blocked() until the descriptor is
 * writable. */
SAMPAN_API unsigned sampan_link_output(struct sampan_link *link, sampan_time now);
SAMPAN_API bool sampan_link_blocked(const struct sampan_link *link);

/* The same without a stack, for links around links.  Frames received are
 * BORROWED, valid until the next call.  Frames sent are those from the
 * first on that found room, and not needed any more on return. */
SAMPAN_API unsigned sampan_link_receive(struct sampan_link *link, struct sampan_frame *frames,
    unsigned max, sampan_time now);
SAMPAN_API unsigned sampan_link_send(struct sampan_link *link, const struct sampan_frame *frames,
    unsigned n, sampan_time now);

/* When sampan_link_input() has something that no descriptor tells of. */
SAMPAN_API sampan_time sampan_link_deadline(const struct sampan_link *link);

/* The errno that ended the link for good, 0: it works. */
SAMPAN_API int sampan_link_error(const struct sampan_link *link);

struct sampan_link_counts {
	uint64_t frames_in, frames_out;
	uint64_t drops_in;	/* arrived in a form that cannot be given to a stack,
				 * or lost on purpose */
	uint64_t drops_out;	/* refused by the interface, or lost on purpose */
};

SAMPAN_API void sampan_link_counts(const struct sampan_link *link,
    struct sampan_link_counts *counts);

/* Frames that were not sent are given up. */
SAMPAN_API void sampan_link_close(struct sampan_link *link);

/* ---- The memory pair: two stacks, one cable, no clock but the caller's ---- */

struct sampan_pair;

struct sampan_pair_config {
	size_t size;			/* sizeof(struct sampan_pair_config) */
	uint16_t mtu_bytes;		/* 0: 1500 */
	uint32_t caps;			/* enum sampan_link_caps of both: what is on passes uncut */
	uint32_t queue_frames;		/* a direction holds; 0: frames pass by pointer at once */
	uint32_t loss_ppm;		/* frames lost of a million */
	sampan_dur delay_dur;		/* on the way; needs a queue */
	uint64_t seed;			/* of the losses */
};

/* EINVAL: the configuration.  ENOMEM. */
SAMPAN_API int sampan_pair_open(const struct sampan_pair_config *config,
    struct sampan_pair **out);

/* End 0 or 1 as a link, to attach to a stack; it is closed with the pair. */
SAMPAN_API struct sampan_link *sampan_pair_end(struct sampan_pair *pair, unsigned end);

/* Moves up to 64 frames from the stack at end `from` to the other end's, and
 * returns how many left or arrived: 0 means that nothing can move now.
 * Without a queue a stack reads the other's memory; nothing is copied but
 * what the receiver keeps.  A full queue takes no more from its stack. */
SAMPAN_API unsigned sampan_pair_move(struct sampan_pair *pair, unsigned from, sampan_time now);

/* When a frame on its way arrives. */
SAMPAN_API sampan_time sampan_pair_deadline(const struct sampan_pair *pair);

SAMPAN_API void sampan_pair_close(struct sampan_pair *pair);

/* ---- The event loop ---- */

struct sampan_loop;

struct sampan_loop_config {
	size_t size;			/* sizeof(struct sampan_loop_config) */
	struct sampan *stack;
	/* The application: called with what sampan_events() reports; makes
	 * any call of socket.h. */
	void (*events)(void *ctx, const struct sampan_event *events, unsigned n);
	void *ctx;
};

SAMPAN_API int sampan_loop_open(const struct sampan_loop_config *config,
    struct sampan_loop **out);

/* Serves an attached link.  The loop does not close it. */
SAMPAN_API int sampan_loop_add_link(struct sampan_loop *loop, struct sampan_link *link);

/* Watches a descriptor: interest and ready are EPOLLIN, EPOLLOUT ... of
 * epoll(7), by level.  The callback may do anything but close the loop. */
typedef void sampan_fd_fn(void *ctx, int fd, uint32_t ready);
SAMPAN_API int sampan_loop_add_fd(struct sampan_loop *loop, int fd, uint32_t interest,
    sampan_fd_fn *fn, void *ctx);
SAMPAN_API int sampan_loop_set_fd(struct sampan_loop *loop, int fd, uint32_t interest);

/* Before the descriptor is closed.  Its callback is not called any more. */
SAMPAN_API int sampan_loop_remove_fd(struct sampan_loop *loop, int fd);

/* One turn: input, advance, callbacks, events, output, each a bounded amount
 * of it; before that it sleeps until there is something to do, at most
 * sleep_dur.  -1: a link has failed (its errno), or epoll. */
SAMPAN_API int sampan_loop_turn(struct sampan_loop *loop, sampan_dur sleep_dur);

/* Turns until sampan_loop_stop(). */
SAMPAN_API int sampan_loop_run(struct sampan_loop *loop);
SAMPAN_API void sampan_loop_stop(struct sampan_loop *loop);

/* The time that this turn gave to the stack. */
SAMPAN_API sampan_time sampan_loop_now(const struct sampan_loop *loop);

SAMPAN_API struct sampan *sampan_loop_stack(const struct sampan_loop *loop);

SAMPAN_API void sampan_loop_close(struct sampan_loop *loop);

/* ---- Settings as people write them: NAME=VALUE, sysctl.conf(5) ---- */

/* Sets one by its name, with dots or slashes, from Linux's textual form.
 * 0: it acts from now on.  1: a key of Linux's that is no setting here; `why`
 * says for what reason, or that it is so already.  -1: unknown, or not a value
 * of it; `why` says what is allowed. */
SAMPAN_API int sampan_conf_set(struct sampan *s, const char *name, const char *value, char *why,
    size_t why_len);

/* Told of each line that did not set anything, by its number from 1 on; wrong:
 * an error, else a key that does not apply (1 above) or a line that begins with
 * `-', whose errors are forgiven. */
typedef void sampan_conf_fn(void *ctx, unsigned line, bool wrong, const char *why);

/* Applies a file's text, line by line; returns how many lines are wrong, the
 * others act.  fn may be NULL. */
SAMPAN_API int sampan_conf_apply(struct sampan *s, const char *text, size_t len,
    sampan_conf_fn *fn, void *ctx);

/* Why a key of Linux's is no setting here; NULL: it is one, or nobody knows it. */
SAMPAN_API const char *sampan_setting_foreign(const char *name);

/* ---- The control socket: what `sampan ss` and its like talk to ---- */

struct sampan_control;

/* Answers requests about the loop's stack on DIRECTORY/NAME.sock, where
 * DIRECTORY is $SAMPAN_RUN_DIR, /run/sampan for root, or else
 * $XDG_RUNTIME_DIR/sampan.  A request is one line of JSON,
 *
 *	{"do":"ss","listening":true,"connected":true}
 *
 * the answer one line of JSON for each row, then {"end":true,"rows":N} or
 * {"refused":"why"}.  Clients that do not read cost nobody anything. */
SAMPAN_API int sampan_control_open(struct sampan_loop *loop, const char *name,
    struct sampan_control **out, char *why, size_t why_len);

/* Before the loop is closed.  The socket's name is removed. */
SAMPAN_API void sampan_control_close(struct sampan_control *control);

#ifdef __cplusplus
}
#endif

#endif
