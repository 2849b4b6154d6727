/* inherit FILE: writes into FILE what a program inherits through exec and tiny-reaper must not change: environment,
 * working directory, root, umask, limits, scheduling, mask, dispositions, pending signals, session, and each
 * descriptor with its flags, file and offset. Process and group ids are left out. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	static char text[1 << 20], line[4096];
	struct { int flags, mode; struct stat st; off_t offset; } fds[256];
	struct rlimit limit;
	struct stat root;
	cpu_set_t cpus;
	mode_t mask = umask(0);
	FILE *out, *in;

	/* The descriptors first, before one of our own takes a free place. */
	for (int fd = 0; fd < 256; fd++) {
		fds[fd].flags = fcntl(fd, F_GETFD);
		fds[fd].mode = fcntl(fd, F_GETFL);
		fds[fd].offset = lseek(fd, 0, SEEK_CUR);
		fstat(fd, &fds[fd].st);
	}
	out = fmemopen(text, sizeof text, "w");
	if (!out || argc != 2)
		return 99;
	for (int fd = 0; fd < 256; fd++)
		if (fds[fd].flags != -1)
			fprintf(out, "fd %d: flags %d, mode %o, file %lx:%lu, offset %ld\n", fd, fds[fd].flags, fds[fd].mode,
				(unsigned long)fds[fd].st.st_dev, (unsigned long)fds[fd].st.st_ino, (long)fds[fd].offset);
	for (char **e = environ; *e; e++)
		fprintf(out, "environment %s\n", *e);
	fprintf(out, "argv[0] %s\n", argv[0]);
	fprintf(out, "directory %s\n", getcwd(line, sizeof line));
	if (stat("/", &root) == 0)
		fprintf(out, "root %lu\n", (unsigned long)root.st_ino);
	fprintf(out, "umask %o\n", mask);
	for (int what = 0; what < RLIM_NLIMITS; what++)
		if (getrlimit((__rlimit_resource_t)what, &limit) == 0)
			fprintf(out, "limit %d: %lu %lu\n", what, (unsigned long)limit.rlim_cur, (unsigned long)limit.rlim_max);
	fprintf(out, "nice %d, policy %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
	if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
		fprintf(out, "cpus %d\n", CPU_COUNT(&cpus));
	fprintf(out, "session %d\n", getsid(0));
	fprintf(out, "dumpable %d, no_new_privs %d, subreaper ", prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	{
		int subreaper = -1;

		prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
		fprintf(out, "%d, slack %d\n", subreaper, prctl(PR_GET_TIMERSLACK));
	}
	in = fopen("/proc/self/status", "r");
	while (in && fgets(line, sizeof line, in))
		if (strncmp(line, "Sig", 3) == 0 || strncmp(line, "ShdPnd", 6) == 0 || strncmp(line, "Cap", 3) == 0 ||
		    strncmp(line, "Uid", 3) == 0 || strncmp(line, "Gid", 3) == 0 || strncmp(line, "Groups", 6) == 0 ||
		    strncmp(line, "Seccomp", 7) == 0 || strncmp(line, "Threads", 7) == 0)
			if (strncmp(line, "SigQ", 4) != 0)
				fputs(line, out);
	if (in)
		fclose(in);
	in = fopen("/proc/self/oom_score_adj", "r");
	if (in && fgets(line, sizeof line, in))
		fprintf(out, "oom_score_adj %s", line);
	fclose(out);
	out = fopen(argv[1], "w");
	if (!out || fputs(text, out) < 0 || fclose(out) != 0)
		return 99;
	return 0;
}
