/* aftermath [-n TIMES] [-k outer|inner|both] [-s SIG] [-r] COMMAND [ARG]...
 * Runs COMMAND (tiny-reaper and its arguments), and says how it ended and what is left at that instant: "exited 7, 0 left,
 * 0 zombies", or "killed 9, 2 left (left-session left-group), 0 zombies"; with -n: "500 runs, 500 killed 9, 0 left, 0 zombies".
 * -k sends SIG (default KILL) to tiny-reaper's outer process, to its child, or to both: with -r when a descendant has closed
 * (or written to) the descriptor whose number is in READY, else at a random instant of the first 3 ms. */
#define _GNU_SOURCE
#include <fcntl.h>
#include "remains.h"

static pid_t run(char **argv, int *ready)
{
	int fds[2], go[2];
	char text[16], byte;
	pid_t pid;

	if (pipe(fds) < 0 || pipe2(go, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		exit(99);
	if (pid == 0) {
		close(fds[0]);
		snprintf(text, sizeof text, "%d", fds[1]);
		setenv("READY", text, 1);
		give_back_chld();
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(99);
	}
	close(fds[1]);
	close(go[1]);
	while (read(go[0], &byte, 1) > 0)		/* end-of-file: the exec is done */
		continue;
	close(go[0]);
	*ready = fds[0];
	return pid;
}

static void wait_until(int ready, double seconds)
{
	struct pollfd p = {ready, POLLIN, 0};
	double until = now() + seconds;

	if (ready >= 0) {
		if (poll(&p, 1, (int)(seconds * 1000)) != 1)
			puts("not ready");
		return;
	}
	while (now() < until)
		continue;
}

static void strike(const char *whom, pid_t outer, int sig)
{
	struct process p;
	pid_t inner = 0;

	while (*whom == 'i' && !inner && look_at(outer, &p) && p.state != 'Z')
		inner = child_of(outer, "tiny-", 0, &p);
	if (*whom == 'b')
		inner = child_of(outer, "tiny-", 0, &p);
	if (*whom != 'i')
		kill(outer, sig);
	if (inner)
		kill(inner, sig);
}

int main(int argc, char **argv)
{
	int times = 1, sig = SIGKILL, after_ready = 0, option, zombies = 0, left = 0, ends[512] = {0}, hung = 0;
	const char *whom = NULL;
	struct remains r;

	while ((option = getopt(argc, argv, "+n:k:s:r")) != -1)
		switch (option) {
		case 'n': times = atoi(optarg); break;
		case 'k': whom = optarg; break;
		case 's': sig = atoi(optarg); break;
		case 'r': after_ready = 1; break;
		default: return 99;
		}
	if (optind >= argc)
		return 99;
	become_heir();
	srandom((unsigned)getpid());
	for (int i = 0; i < times; i++) {
		int ready;
		pid_t outer = run(argv + optind, &ready);

		if (whom) {
			wait_until(after_ready ? ready : -1, after_ready ? 100 : (double)(random() % 3000) / 1e6);
			strike(whom, outer, sig);
		}
		r = remains_of(outer, whom && *whom == 'b' ? "leftovers" : NULL, now() + 100);
		close(ready);
		left += r.left;
		zombies += r.zombies;
		if (r.status == -1)
			hung++;
		else
			ends[WIFSIGNALED(r.status) ? 256 + WTERMSIG(r.status) : WEXITSTATUS(r.status)]++;
		if (times > 1 && r.left)
			printf("run %d: left %s\n", i + 1, r.names);
	}
	if (times > 1)
		printf("%d runs, ", times);
	for (int i = 0; i < 512; i++)
		if (ends[i]) {
			if (times > 1)
				printf("%d ", ends[i]);
			printf("%s %d, ", i < 256 ? "exited" : "killed", i % 256);
		}
	if (hung)
		printf("%d hung, ", hung);
	printf("%d left%s%s%s, %d zombies\n", left, times == 1 && left ? " (" : "", times == 1 ? r.names : "", times == 1 && left ? ")" : "", zombies);
	return 0;
}
