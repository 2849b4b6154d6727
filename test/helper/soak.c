/* soak ORPHANS SIGNALS STOPS: a long life in a short time, as the command of a tiny-reaper that is PID 1: ORPHANS end, SIGNALS are sent to PID 1 and come to
 * the command, the command is stopped and goes on STOPS times, half of them by CONT through PID 1 (SIGSTOP), half because PID 1 sees to it (TSTP).
 * Prints what PID 1 holds before (after a first few of each) and after: both must be the same; then how often it wakes in two quiet seconds. */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIGNAL = 40, BATCH = 500, DEADLINE = 300 };

/* Shared: the command counts, its child acts and looks. */
static struct counts {
	volatile long signals, continued;
} *counts;
static pid_t command;

static void on_signal(int sig)
{
	if (sig == SIGNAL)
		counts->signals++;
	else
		counts->continued++;
}

/* The number behind NAME in a file of /proc/PID; -1: there is none. */
static long field(pid_t pid, const char *file, const char *name)
{
	char path[64], line[256];
	long value = -1;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	FILE *stream = fopen(path, "r");
	while (stream && fgets(line, sizeof line, stream))
		if (strncmp(line, name, strlen(name)) == 0)
			value = atol(line + strlen(name));
	if (stream)
		fclose(stream);
	return value;
}

static int descriptors(void)
{
	DIR *folder = opendir("/proc/1/fd");
	int n = -2;				/* . and .. */

	if (!folder)
		err(1, "/proc/1/fd");
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static void holds(void)
{
	printf("%ld kB anonymous, %ld kB dirty, %ld kB of addresses, %d descriptors\n", field(1, "smaps_rollup", "Anonymous:"),
	       field(1, "smaps_rollup", "Private_Dirty:"), field(1, "status", "VmSize:"), descriptors());
	fflush(stdout);
}

/* Until *VALUE is WANTED; sched_yield alone would take the CPU from PID 1. */
static void wait_until(volatile long *value, long wanted)
{
	time_t end = time(NULL) + DEADLINE;

	while (*value < wanted) {
		if (time(NULL) > end)
			errx(1, "%ld of %ld came", *value, wanted);
		usleep(50);
	}
	if (*value > wanted)
		errx(1, "%ld came, and only %ld were sent", *value, wanted);
}

/* Most of them end before their parent does, and come to PID 1 as zombies: vfork copies nothing. Of every eighth the parent may end first. */
static void orphans(long n)
{
	for (volatile long i = 0; i < n; i++) {	/* vfork shares it */
		pid_t pid = vfork();

		if (pid == 0) {
			if ((i % 8 ? vfork() : fork()) == 0)
				_exit(0);
			_exit(0);
		}
		if (pid < 0)
			err(1, "fork");
		waitpid(pid, NULL, 0);
	}
}

static void signals(long n)
{
	long before = counts->signals;

	for (long i = 1; i <= n; i++) {
		if (kill(1, SIGNAL) != 0)
			err(1, "kill");
		if (i % BATCH == 0 || i == n)
			wait_until(&counts->signals, before + i);
	}
}

static int is_stopped(void)
{
	char path[64], line[512], *close;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)command);
	FILE *stream = fopen(path, "r");
	if (!stream || !fgets(line, sizeof line, stream) || !(close = strrchr(line, ')')))
		errx(1, "the command is gone");
	fclose(stream);
	return close[2] == 'T';
}

static void stops(long n)
{
	for (long i = 0; i < n; i++) {
		long before = counts->continued;

		kill(command, i % 2 ? SIGTSTP : SIGSTOP);
		if (i % 2 == 0) {
			for (time_t end = time(NULL) + DEADLINE; !is_stopped(); usleep(50))
				if (time(NULL) > end)
					errx(1, "it does not stop");
			kill(1, SIGCONT);
		}
		wait_until(&counts->continued, before + 1);
	}
}

/* Until PID 1 has slept through a second: whatever has ended is reaped. */
static void settle(void)
{
	time_t end = time(NULL) + DEADLINE;

	for (long before = -1, now; (now = field(1, "status", "voluntary_ctxt_switches:")) != before; before = now) {
		if (time(NULL) > end)
			errx(1, "PID 1 does not come to rest");
		sleep(1);
	}
}

int main(int argc, char **argv)
{
	int status;

	if (argc != 4)
		return 2;
	counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	command = getpid();
	sigaction(SIGNAL, &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL);
	sigaction(SIGCONT, &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL);
	pid_t pid = fork();
	if (pid > 0) {
		while (waitpid(pid, &status, 0) != pid)
			continue;
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
	}
	setpgid(0, 0);				/* signals for the command's group are for the command alone */
	orphans(100);
	signals(10);
	stops(2);
	settle();
	holds();
	orphans(atol(argv[1]));
	signals(atol(argv[2]));
	stops(atol(argv[3]));
	settle();
	holds();
	long before = field(1, "status", "voluntary_ctxt_switches:");
	sleep(2);
	printf("%ld wake-ups\n", field(1, "status", "voluntary_ctxt_switches:") - before);
	return 0;
}
