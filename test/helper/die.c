/* die SIG: dies by SIG, even where that was ignored or blocked. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned long by_default[8] = { 0 };
	uint64_t none = 0;
	int sig = argc > 1 ? atoi(argv[1]) : 0;

	syscall(SYS_rt_sigaction, sig, by_default, NULL, 8);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
	kill(getpid(), sig);
	return 99;
}
