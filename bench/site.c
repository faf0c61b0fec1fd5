/*
 * site.c - see site.h.
 */
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "kernel.h"
#include "machine.h"
#include "stacks.h"

#define PATIENCE_MS 5000
#define GLANCE_MS 10

/* Hosts 1 and 2 of networks 77 (TAP) and 78 (veth). */
#define ADDR(net, host) (stacks_ip6 ? "fd" #net "::" #host : "10." #net ".0." #host)
#define PREFIX(net, host) (stacks_ip6 ? "fd" #net "::" #host "/64" : "10." #net ".0." #host "/24")
/* An address of IPv6 is there at once. */
#define NO_DAD (stacks_ip6 ? "nodad" : "")

const char *
site_address(bool ours)
{
	return ours ? ADDR(77, 2) : ADDR(78, 2);
}

__attribute__((format(printf, 2, 3)))
static bool
fail(struct site *site, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	(void)vsnprintf(site->why, sizeof(site->why), why, args);
	va_end(args);
	return false;
}

__attribute__((format(printf, 1, 2)))
static bool
shell(const char *format, ...)
{
	char command[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return system(command) == 0;
}

/* In a child: ends with its parent, runs beside the client. */
static void
be_server(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	machine_pin(1);
}

/* Waits for the parent, then for connections. */
static _Noreturn void
run_kernel(int ready, int go)
{
	char byte = 0;

	be_server();
	if (unshare(CLONE_NEWNET) != 0 || write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1)
		_exit(1);
	if (!shell("ip link set lo up && ip addr add %s dev veth1 %s && ip link set veth1 up",
		PREFIX(78, 2), NO_DAD))
		_exit(1);
	_exit(kernel_serve());
}

/* The other namespace, and the cable to it. */
static bool
start_kernel(struct site *site)
{
	int up[2], down[2];
	char byte = 0;
	bool good;

	if (pipe2(up, O_CLOEXEC) != 0 || pipe2(down, O_CLOEXEC) != 0)
		return fail(site, "no pipe: %s", strerror(errno));
	site->kernel = fork();
	if (site->kernel == 0)
		run_kernel(up[1], down[0]);
	(void)close(up[1]);
	(void)close(down[0]);
	good = site->kernel > 0 && read(up[0], &byte, 1) == 1 &&
	    shell("ip link add veth0 type veth peer name veth1 netns %d && "
		  "ip addr add %s dev veth0 %s && ip link set veth0 up",
		(int)site->kernel, PREFIX(78, 1), NO_DAD) &&
	    write(down[1], &byte, 1) == 1;
	(void)close(up[0]);
	(void)close(down[1]);
	return good || fail(site, "cannot make a veth pair with 'ip link add'");
}

static _Noreturn void
run_sampan(void)
{
	char directory[400], path[420], name[32], link[64];
	const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	be_server();
	machine_directory(directory, sizeof(directory));
	(void)snprintf(path, sizeof(path), "%s/sampan", directory);
	(void)snprintf(name, sizeof(name), "bench-%d", (int)getppid());
	(void)snprintf(link, sizeof(link), "tap:sampan0,host=%s", PREFIX(77, 1));
	(void)dup2(nowhere, STDOUT_FILENO);
	(void)execl(path, "sampan", "serve", "--name", name, "--link", link,
	    "--addr", PREFIX(77, 2), (char *)NULL);
	_exit(127);
}

static bool
start_sampan(struct site *site)
{
	site->sampan = fork();
	if (site->sampan == 0)
		run_sampan();
	return site->sampan > 0 || fail(site, "cannot fork: %s", strerror(errno));
}

/* Until a server answers. */
static bool
wait_for(struct site *site, const char *address, const char *who)
{
	for (unsigned ms = 0; ms < PATIENCE_MS; ms += GLANCE_MS) {
		if (client_knock(address))
			return true;
		(void)usleep(GLANCE_MS * 1000);
	}
	return fail(site, "%s does not answer on %s", who, address);
}

/* What a site needs of the machine. */
static bool
machine_suits(struct site *site)
{
	char directory[400], path[420];

	machine_directory(directory, sizeof(directory));
	(void)snprintf(path, sizeof(path), "%s/sampan", directory);
	if (access(path, X_OK) != 0)
		return fail(site, "no %s: run 'make'", path);
	if (geteuid() != 0)
		return fail(site, "needs root");
	if (access("/dev/net/tun", R_OK | W_OK) != 0)
		return fail(site, "no /dev/net/tun");
	if (!shell("ip -V >/dev/null 2>&1"))
		return fail(site, "no 'ip': install iproute2");
	return true;
}

bool
site_open(struct site *site)
{
	*site = (struct site){ .home = -1 };
	if (!machine_suits(site))
		return false;
	site->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (site->home < 0 || unshare(CLONE_NEWNET) != 0 || !shell("ip link set lo up"))
		return fail(site, "cannot make a network namespace: %s", strerror(errno));
	if (!start_kernel(site) || !wait_for(site, ADDR(78, 2), "the kernel server"))
		return false;
	if (!start_sampan(site))
		return false;
	site->is_ours = true;
	return wait_for(site, ADDR(77, 2), "sampan serve");
}

/* Waits for the end of a child, and makes one. */
static int
end_of(pid_t child)
{
	int status;

	for (unsigned ms = 0; ms < PATIENCE_MS; ms += GLANCE_MS) {
		if (waitpid(child, &status, WNOHANG) != 0)
			return status;
		(void)usleep(GLANCE_MS * 1000);
	}
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	return status;
}

bool
site_close(struct site *site)
{
	int status = 0;

	if (site->sampan > 0) {
		(void)kill(site->sampan, SIGTERM);
		status = end_of(site->sampan);
	}
	if (site->kernel > 0) {
		(void)kill(site->kernel, SIGKILL);
		(void)end_of(site->kernel);
	}
	if (site->home >= 0) {
		(void)setns(site->home, CLONE_NEWNET);
		(void)close(site->home);
	}
	if (status != 0 && site->why[0] == '\0')
		return fail(site, "sampan serve ended with status %#x", (unsigned)status);
	return true;
}
