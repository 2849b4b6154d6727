/* with [-b SIGS] [-i SIGS] [-d SIGS] [-p SIGS] [-q SIGS] [-n TIMES] [-c FDS] [-a MS] COMMAND [ARG]...
 * Runs COMMAND by exec with these signals blocked, ignored, at their default, left pending (and blocked; -q: sent by itself; -n: so many times), these descriptors closed,
 * and with an alarm set that goes off after MS milliseconds. Lists are numbers with commas; "all" is 1 to 64. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t set_of(const char *list)
{
	uint64_t set = 0;
	char *end;

	if (strcmp(list, "all") == 0)
		return ~UINT64_C(0);
	for (;; list = end + 1) {
		set |= UINT64_C(1) << (strtol(list, &end, 10) & 63);
		if (*end != ',')
			return set;
	}
}

/* Signals number from 1, so bit 64 would be bit 0 of the list above. */
static uint64_t mask_of(const char *list)
{
	uint64_t set = set_of(list);

	return strcmp(list, "all") == 0 ? set : set >> 1 | set << 63;
}

/* The kernel's call: libc keeps 32 and 33 (or 34) for itself. The structure is all zero but for the handler, which comes first. */
static void dispose(int sig, void *handler)
{
	struct { void *handler; unsigned long rest[7]; } action = { .handler = handler };

	syscall(SYS_rt_sigaction, sig, &action, NULL, 8);
}

int main(int argc, char **argv)
{
	uint64_t blocked = 0, pending = 0, own = 0, mask;
	struct itimerval timer = { 0 };
	int opt, times = 1;

	while ((opt = getopt(argc, argv, "+b:i:d:p:q:n:c:a:")) != -1) {
		mask = opt == 'a' || opt == 'c' || opt == 'n' ? 0 : mask_of(optarg);
		if (opt == 'b')
			blocked |= mask;
		if (opt == 'p')
			pending |= mask;
		if (opt == 'q')
			own |= mask;
		if (opt == 'n')
			times = atoi(optarg);
		for (int sig = 1; (opt == 'i' || opt == 'd') && sig <= 64; sig++)
			if (mask >> (sig - 1) & 1)
				dispose(sig, opt == 'i' ? (void *)SIG_IGN : (void *)SIG_DFL);
		mask = opt == 'c' ? set_of(optarg) : 0;
		for (int fd = 0; fd < 64; fd++)
			if (mask >> fd & 1)
				close(fd);
		if (opt == 'a')
			timer.it_value = (struct timeval){ atol(optarg) / 1000, atol(optarg) % 1000 * 1000 };
	}
	blocked |= pending | own;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked);
	for (int sig = 1; sig <= 64; sig++)
		for (int i = 0; i < times && (own >> (sig - 1) & 1); i++)
			kill(getpid(), sig);
	if (pending && fork() == 0) {
		for (int sig = 1; sig <= 64; sig++)
			for (int i = 0; i < times && (pending >> (sig - 1) & 1); i++)
				kill(getppid(), sig);
		_exit(0);
	}
	if (pending)
		wait(NULL);
	if (timer.it_value.tv_sec || timer.it_value.tv_usec)
		setitimer(ITIMER_REAL, &timer, NULL);
	execvp(argv[optind], argv + optind);
	perror(argv[optind]);
	return 99;
}
