/* siglog [-m] NAME [SIG [STATUS]]
 * Takes every signal that can be taken, 1 to 64 by the kernel's numbers, and writes "NAME N" for each on standard
 * output, after "NAME ready PID PPID". Ends with STATUS when SIG comes; without SIG never. With -m it first moves to a
 * process group that is not its own, that of a child. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void move(void)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (setpgid(child, child) < 0 || setpgid(0, child) < 0) {
		perror("setpgid");
		exit(99);
	}
}

int main(int argc, char **argv)
{
	uint64_t all = ~UINT64_C(0);
	const char *name;
	int last, status;

	if (argc > 1 && strcmp(argv[1], "-m") == 0) {
		move();
		argv++, argc--;
	}
	name = argc > 1 ? argv[1] : "siglog";
	last = argc > 2 ? atoi(argv[2]) : 0;
	status = argc > 3 ? atoi(argv[3]) : 0;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%s ready %d %d\n", name, getpid(), getppid());
	for (;;) {
		int sig = (int)syscall(SYS_rt_sigtimedwait, &all, NULL, NULL, sizeof all);

		if (sig > 0)
			printf("%s %d\n", name, sig);
		if (sig > 0 && sig == last)
			return status;
	}
}
