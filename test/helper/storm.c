/* storm COUNT COMMAND [ARG]...: runs COMMAND, which must run "storm" without arguments (the counter) with its standard
 * output, and sends it COUNT real-time signals of all numbers and as many USR1 and ALRM. Says how many of each were sent and counted.
 * No more than 500 are on their way at a time: what the kernel queues for one user is limited. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Counts signals of each number; writes a byte for each real-time one, and at TERM all counts. */
static int counter(void)
{
	uint64_t all = ~UINT64_C(0);
	int counts[65] = { 0 };

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
	if (write(1, "r", 1) != 1)
		return 99;
	for (;;) {
		int sig = (int)syscall(SYS_rt_sigtimedwait, &all, NULL, NULL, sizeof all);

		if (sig < 0)
			continue;
		counts[sig]++;
		if (sig >= 32 && write(1, ".", 1) != 1)
			return 99;
		if (sig == SIGTERM)
			return write(1, counts, sizeof counts) != sizeof counts;
	}
}

int main(int argc, char **argv)
{
	int total, ends[2], sent[65] = { 0 }, counts[65] = { 0 }, wrong = 0, rt = 0, status;
	char byte;
	pid_t pid;

	if (argc < 3)
		return counter();
	total = atoi(argv[1]);
	if (pipe(ends) < 0 || (pid = fork()) < 0)
		return 99;
	if (pid == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execv(argv[2], argv + 2);
		_exit(99);
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		return 99;
	for (int i = 0, outstanding = 0; i < total || outstanding; i++) {
		if (i < total) {
			int sig = 32 + i % 33;

			if (kill(pid, sig) < 0 || kill(pid, SIGUSR1) < 0 || kill(pid, SIGALRM) < 0)
				return 99;
			sent[sig]++;
			outstanding++;
		}
		while (outstanding >= (i < total ? 500 : 1)) {
			if (read(ends[0], &byte, 1) != 1)
				return 99;
			outstanding--;
		}
	}
	kill(pid, SIGTERM);
	/* Bytes that are left over stand for signals that were counted twice. */
	while (read(ends[0], &byte, 1) == 1 && byte == '.')
		wrong++;
	((char *)counts)[0] = byte;
	for (size_t got = 1; got < sizeof counts;) {
		ssize_t n = read(ends[0], (char *)counts + got, sizeof counts - got);

		if (n <= 0)
			return 99;
		got += (size_t)n;
	}
	for (int sig = 32; sig <= 64; sig++) {
		rt += counts[sig];
		wrong += abs(counts[sig] - sent[sig]);
	}
	waitpid(pid, &status, 0);
	printf("%d real-time signals sent, %d counted, %d wrong; USR1 %s, ALRM %s; status %x\n", total, rt, wrong,
	       counts[SIGUSR1] ? "came" : "lost", counts[SIGALRM] ? "came" : "lost", (unsigned)status);
	return 0;
}
