/* send kill|queue|thread PID SIG...: sends the signals in turn by kill(2), sigqueue(3) or tgkill(2) (to the main thread). */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	pid_t pid;

	if (argc < 4)
		return 99;
	pid = atoi(argv[2]);
	for (int i = 3; i < argc; i++) {
		int sig = atoi(argv[i]), failed;

		switch (argv[1][0]) {
		case 'k': failed = kill(pid, sig); break;
		case 'q': failed = sigqueue(pid, sig, (union sigval){ .sival_int = 1 }); break;
		default: failed = (int)syscall(SYS_tgkill, pid, pid, sig);
		}
		if (failed) {
			perror(argv[i]);
			return 1;
		}
	}
	return 0;
}
