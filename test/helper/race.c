/* race SIG TIMES COMMAND [ARG]...: starts COMMAND TIMES times, with a pipe open that all its descendants inherit, and
 * sends it SIG after 0 to 2 ms, evenly spread. Each must die of SIG within 100 s, and leave no holder of the pipe.
 * Says "N of TIMES died of SIG, N left something, N hung"; the first
 * that hangs is the last. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	int died = 0, left = 0, hung = 0, sig, times;
	sigset_t child;

	if (argc < 4)
		return 99;
	sig = atoi(argv[1]);
	times = atoi(argv[2]);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	for (int i = 0; i < times && !hung; i++) {
		double start = now(), due = 0.002 * i / times;
		struct timespec patience = { 100, 0 };
		int ends[2], status;
		pid_t pid;

		if (pipe(ends) < 0)
			return 99;
		pid = fork();
		if (pid == 0) {
			sigprocmask(SIG_UNBLOCK, &child, NULL);
			close(ends[0]);
			execv(argv[3], argv + 3);
			_exit(99);
		}
		close(ends[1]);
		while (now() - start < due)
			;
		kill(pid, sig);
		while (waitpid(pid, &status, WNOHANG) == 0)
			if (sigtimedwait(&child, NULL, &patience) < 0) {
				hung++;
				kill(pid, SIGKILL);
				waitpid(pid, &status, 0);
				break;
			}
		if (WIFSIGNALED(status) && WTERMSIG(status) == sig)
			died++;
		else
			fprintf(stderr, "after %.0f us: status %x\n", due * 1e6, (unsigned)status);
		/* End-of-file at once, or something still runs. */
		if (poll(&(struct pollfd){ .fd = ends[0], .events = POLLIN }, 1, 0) != 1)
			left++;
		close(ends[0]);
	}
	printf("%d of %d died of %d, %d left something, %d hung\n", died, times, sig, left, hung);
	return died != times || left || hung;
}
