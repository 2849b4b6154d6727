/* orphans COUNT: makes COUNT orphans, a hundred at a time, that end by themselves, and then waits until our parent, which
 * adopts them, has no zombie left. Says "COUNT orphans, N zombies". */
#define _GNU_SOURCE
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Children of the adopter that have ended and were not reaped. */
static int zombies(pid_t adopter)
{
	char path[300], line[600];
	DIR *proc = opendir("/proc");
	int count = 0;

	for (struct dirent *e; proc && (e = readdir(proc));) {
		FILE *stat;
		char *rest, state;
		int parent;

		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
		stat = fopen(path, "r");
		if (!stat)
			continue;
		if (fgets(line, sizeof line, stat) && (rest = strrchr(line, ')')) &&
		    sscanf(rest + 1, " %c %d", &state, &parent) == 2 && state == 'Z' && parent == adopter)
			count++;
		fclose(stat);
	}
	if (proc)
		closedir(proc);
	return count;
}

enum { AT_A_TIME = 100 };
static char stacks[AT_A_TIME][8192] __attribute__((aligned(16)));

/* End-of-file when the parent is gone: an orphan from then on. */
static int orphan(void *argument)
{
	const int *ends = argument;
	char byte;

	close(ends[1]);
	_exit(read(ends[0], &byte, 1) != 0);
}

int main(int argc, char **argv)
{
	int total = argc > 1 ? atoi(argv[1]) : 0, left = -1;
	time_t deadline;

	for (int made = 0; made < total; made += AT_A_TIME) {
		pid_t parent = fork();

		if (parent < 0)
			return 99;
		if (parent == 0) {
			static int ends[2];

			if (pipe(ends) < 0)
				_exit(99);
			/* With our memory, on stacks of their own: a copy of it for each would take most of the time. */
			for (int i = 0; i < AT_A_TIME; i++)
				if (clone(orphan, stacks[i] + sizeof stacks[i], CLONE_VM | SIGCHLD, ends) < 0)
					_exit(99);
			_exit(0);
		}
		int status;

		if (waitpid(parent, &status, 0) != parent || status != 0)
			return 99;
	}
	deadline = time(NULL) + 100;
	while ((left = zombies(getppid())) > 0 && time(NULL) < deadline)
		;
	printf("%d orphans, %d zombies\n", total, left);
	return 0;
}
