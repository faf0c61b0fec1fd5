/*
 * cmd_sandbox.c - what a process in the sandbox can still do.  Each attempt is made by
 * a child of its own, for there is no way back.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sampan/host.h>

#include "cmd/sandbox.h"
#include "lib/test.h"

/* What an attempt came to: 0, or its errno. */
typedef int attempt_fn(void);

static char dir[] = "/tmp/sampan-sandbox-XXXXXX";
static char inside[64], outside[64];

static void
make_files(void)
{
	static bool made;
	char path[80];

	if (made)
		return;
	made = true;
	EXPECT(mkdtemp(dir) != NULL);
	EXPECT_EQ(chmod(dir, 0755), 0);
	(void)snprintf(inside, sizeof(inside), "%s/in", dir);
	(void)snprintf(outside, sizeof(outside), "%s/out", dir);
	EXPECT_EQ(mkdir(inside, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/file", inside);
	EXPECT_EQ(close(open(path, O_CREAT | O_WRONLY, 0644)), 0);
	EXPECT_EQ(close(open(outside, O_CREAT | O_WRONLY, 0644)), 0);
}

static int
sandboxed(attempt_fn *attempt)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	struct sandbox box = { .read_dir = inside };
	int status;
	pid_t pid;

	make_files();
	pid = fork();
	if (pid == 0) {
		if (sp_sandbox_prepare(&box, &why) != 0 || sp_sandbox_enter(&box, &why) != 0)
			_exit(255);
		_exit(attempt());
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
open_it(const char *path, int flags)
{
	const int fd = open(path, flags, 0600);

	return fd >= 0 ? 0 : errno;
}

static int
open_inside(void)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "%s/file", inside);
	return open_it(path, O_RDONLY);
}

static int
write_inside(void)
{
	char path[80];

	(void)snprintf(path, sizeof(path), "%s/file", inside);
	return open_it(path, O_WRONLY);
}

static int open_outside(void) { return open_it(outside, O_RDONLY); }
static int open_passwd(void) { return open_it("/etc/passwd", O_RDONLY); }
static int make_file(void) { return open_it("/tmp/sampan-sandbox-new", O_CREAT | O_WRONLY); }
static int remove_outside(void) { return unlink(outside) == 0 ? 0 : errno; }
static int open_socket(void) { return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : errno; }
static int open_unix(void) { return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : errno; }
static int make_process(void) { return syscall(SYS_fork) >= 0 ? 0 : errno; }
static int clone_process(void) { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0 ? 0 : errno; }
static int run_shell(void) { return execl("/bin/sh", "sh", "-c", ":", NULL) == 0 ? 0 : errno; }
static int signal_parent(void) { return kill(getppid(), 0) == 0 ? 0 : errno; }
static int be_root(void) { return setuid(0) == 0 ? 0 : errno; }
static int trace(void) { return ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0 ? 0 : errno; }

static int
run_memory(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);

	if (p != MAP_FAILED)
		return 0;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 ? 0 : errno;
}

static void *
nothing(void *arg)
{
	return arg;
}

static int
make_thread(void)
{
	pthread_t thread;
	const int error = pthread_create(&thread, NULL, nothing, NULL);

	return error != 0 ? error : pthread_join(thread, NULL);
}

TEST(sandbox_reads_its_folder_and_nothing_else)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) <= 0)
		SKIP("this kernel has no Landlock");
	EXPECT_EQ(sandboxed(open_inside), 0);
	EXPECT_EQ(sandboxed(write_inside), EACCES);
	EXPECT_EQ(sandboxed(open_outside), EACCES);
	EXPECT_EQ(sandboxed(open_passwd), EACCES);
	EXPECT_EQ(sandboxed(make_file), EACCES);
	EXPECT_EQ(sandboxed(remove_outside), EACCES);
}

TEST(sandbox_makes_no_sockets_processes_or_code)
{
	EXPECT_EQ(sandboxed(open_socket), EPERM);
	EXPECT_EQ(sandboxed(open_unix), EPERM);
	EXPECT_EQ(sandboxed(make_process), EPERM);
	EXPECT_EQ(sandboxed(clone_process), EPERM);
	EXPECT_EQ(sandboxed(run_shell), EPERM);
	EXPECT_EQ(sandboxed(signal_parent), EPERM);
	EXPECT_EQ(sandboxed(be_root), EPERM);
	EXPECT_EQ(sandboxed(trace), EPERM);
	EXPECT_EQ(sandboxed(run_memory), EPERM);
}

TEST(sandbox_lets_threads_begin)
{
	EXPECT_EQ(sandboxed(make_thread), 0);
}

/* What the kernel says of it, read through a descriptor that was open before. */
static int status_fd;

static int
look_at_status(void)
{
	char text[4096] = "";
	const ssize_t n = pread(status_fd, text, sizeof(text) - 1, 0);

	return n > 0 && strstr(text, "CapEff:\t0000000000000000\n") != NULL &&
	    strstr(text, "CapPrm:\t0000000000000000\n") != NULL &&
	    strstr(text, "NoNewPrivs:\t1\n") != NULL && strstr(text, "Seccomp:\t2\n") != NULL ? 0 :
	    1;
}

static int
look_at_user(void)
{
	return getuid() != 0 && geteuid() != 0 && getegid() != 0 ? 0 : 1;
}

TEST(sandbox_has_no_capability_and_no_root)
{
	char text[SAMPAN_WHY_BYTES];
	const struct sp_why why = { text, sizeof(text) };
	struct sandbox box = { .user = NULL };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		status_fd = open("/proc/self/status", O_RDONLY);
		if (sp_sandbox_prepare(&box, &why) != 0 || sp_sandbox_enter(&box, &why) != 0)
			_exit(255);
		_exit(look_at_status() | look_at_user() << 1);
	}
	EXPECT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT(WIFEXITED(status));
	EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(sandbox_of_nobody_is_refused)
{
	char text[SAMPAN_WHY_BYTES] = "";
	const struct sp_why why = { text, sizeof(text) };
	struct sandbox box = { .user = "no-such-user" };

	EXPECT_EQ(sp_sandbox_prepare(&box, &why), -1);
	EXPECT(strstr(text, "--user no-such-user: ") == text);
}

TEST(sandbox_says_what_the_kernel_lacks)
{
	const struct sandbox all = { .changes_user = true, .has_seccomp = true, .landlock = 4 };
	const struct sandbox little = { .landlock = 0 };
	char text[200];

	sp_sandbox_describe(&all, text, sizeof(text));
	EXPECT_STR(text, "Sandbox: user nobody, no capabilities, seccomp, Landlock.");
	sp_sandbox_describe(&little, text, sizeof(text));
	EXPECT_STR(text, "Sandbox: no capabilities; this kernel has no seccomp filters; this "
	    "kernel has no Landlock.");
}
