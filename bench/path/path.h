/*
 * path.h - one emulated path between two ends, in real time: each end is the
 * running kernel, in a network namespace of its own behind a TAP, or a stack of
 * ours in this process.
 *
 * Between them are two lanes (link/lane.h), shared by all flows.  What is
 * measured is measured alike for both kinds of end: bytes as the receiving
 * application reads them, transfers from connect() until the sender reads the
 * end of the stream, what is sent again by the sequence numbers that pass.
 */
#ifndef SAMPAN_BENCH_PATH_PATH_H
#define SAMPAN_BENCH_PATH_PATH_H

#include <sampan/emulate.h>
#include <sampan/host.h>
#include <sampan/socket.h>

#include <stdatomic.h>
#include <sys/types.h>

#define PATH_PORT 5001
#define PATH_FLOWS 2
#define PATH_TRANSFERS 512
#define PATH_NAME 16

/* What the application of a flow does. */
struct path_task {
	char cc[PATH_NAME];
	uint64_t bytes;		/* of each transfer; 0: one, as long as it may */
	uint64_t buffer_bytes;	/* most of each socket's buffers */
};

/* What both ends of a flow write, the kernel's from another process. */
struct path_shared {
	atomic_bool go;
	_Atomic uint64_t read_bytes;	/* by the receiver */
	atomic_uint done, failed;
	_Atomic uint64_t took_ns[PATH_TRANSFERS];
	char cc_in_force[PATH_NAME];	/* as the sender's socket says */
};

enum path_side { PATH_FROM, PATH_TO };

struct path_end {
	bool is_kernel;
	struct path_task task;
	struct path_shared *shared;
	unsigned flow;
	enum path_side side;
	/* the kernel's */
	struct sampan_link *tap;
	pid_t child;
	uint8_t mac[6];
	/* ours */
	struct sampan *stack;
	void *memory;
	int link;
	sampan_handle listener, socket;
	uint64_t given_bytes;
	sampan_time begun_at;
	bool said_all;
};

/* 10.99.FLOW.1 sends to 10.99.FLOW.2. */
struct sampan_addr path_addr(unsigned flow, enum path_side side);

/* Both leave the end to be closed, also when they fail: false, after a line on
 * stderr. */
bool path_kernel_open(struct path_end *end);
void path_kernel_close(struct path_end *end);
bool path_stack_open(struct path_end *end, uint64_t seed);
void path_stack_close(struct path_end *end);

/* Lets the application of one of our ends act on what happened. */
void path_stack_act(struct path_end *end, sampan_time now);

/* Memory that children share; NULL: none. */
struct path_shared *path_shared_new(void);

#endif
