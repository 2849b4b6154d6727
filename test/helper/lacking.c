/* lacking WHAT COMMAND [ARG]...: runs COMMAND as on a kernel that does not have WHAT, by a seccomp filter that fails the call:
 *   close_range (before Linux 5.9)   subreaper (before 3.4)   pwritev2 (before 4.6)   nowait (pwritev2 on a pipe, before 6.4)   timer (none to be had) */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct { const char *name; unsigned call, argument, error; } LACKING[] = {
	{ "close_range", SYS_close_range, 0, ENOSYS },
	{ "subreaper", SYS_prctl, PR_SET_CHILD_SUBREAPER, EINVAL },
	{ "pwritev2", SYS_pwritev2, 0, ENOSYS },
	{ "nowait", SYS_pwritev2, 0, EOPNOTSUPP },
	{ "timer", SYS_timer_create, 0, EAGAIN },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof LACKING / sizeof *LACKING; i++) {
		/* A first argument of 0 stands for any; its lower half is enough, which is the first one where bytes are in that order. */
		struct sock_filter filter[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LACKING[i].call, 0, 3),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LACKING[i].argument, 0, LACKING[i].argument ? 1 : 0),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | LACKING[i].error),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

		if (strcmp(argv[1], LACKING[i].name) != 0)
			continue;
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
			execvp(argv[2], argv + 2);
		perror(argv[1]);
		return 99;
	}
	fprintf(stderr, "lacking: what?\n");
	return 99;
}
