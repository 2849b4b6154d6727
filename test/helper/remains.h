/* What is left of a command when it is gone: for the helpers that run tiny-reaper and kill it.
 * The helper is a subreaper, so whatever outlives tiny-reaper, dead or alive, becomes its child. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct remains {
	int status;		/* as waitpid gives it; -1: still there at the deadline */
	int zombies;		/* dead ones that nobody had reaped; the orphaned inner process is not one of them */
	int left;		/* living ones */
	char names[400];	/* of these */
};

struct process {
	char name[64], state;
	pid_t parent;
};

static inline double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* From /proc/PID/stat; false: no such process. */
static inline int look_at(pid_t pid, struct process *p)
{
	char path[64], line[512], *open, *close;
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if (!(file = fopen(path, "r")))
		return 0;
	n = fread(line, 1, sizeof line - 1, file);
	fclose(file);
	line[n] = 0;
	if (!(open = strchr(line, '(')) || !(close = strrchr(line, ')')))
		return 0;
	snprintf(p->name, sizeof p->name, "%.*s", (int)(close - open - 1), open + 1);
	return sscanf(close + 1, " %c %d", &p->state, &p->parent) == 2;
}

/*
 * Does PID, in state S, sleep? The state alone does not say so: wait4(2) is in it while it looks for a child, with WNOHANG too, and whoever
 * is preempted there stays in it for as long as the machine is busy. proc(5), /proc/PID/syscall: "running".
 */
static inline int sleeps(pid_t pid)
{
	char path[64], line[16] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
	if (!(file = fopen(path, "r")))
		return 1;
	if (!fgets(line, sizeof line, file))
		line[0] = 0;
	fclose(file);
	return strncmp(line, "running", 7) != 0;
}

/* The first living child of PARENT whose name begins with PREFIX, other than EXCEPT; 0: none. */
static inline pid_t child_of(pid_t parent, const char *prefix, pid_t except, struct process *p)
{
	DIR *proc = opendir("/proc");
	pid_t found = 0;

	for (struct dirent *e; proc && !found && (e = readdir(proc));) {
		pid_t pid = (pid_t)atoi(e->d_name);

		if (pid > 0 && pid != except && look_at(pid, p) && p->parent == parent && p->state != 'Z' && p->state != 'X' &&
		    strncmp(p->name, prefix, strlen(prefix)) == 0)
			found = pid;
	}
	closedir(proc);
	return found;
}

/* Before anything else: the subreaper, and SIGCHLD as something to wait for. */
static inline void become_heir(void)
{
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static inline void wait_for_chld(double seconds)
{
	sigset_t chld;
	struct timespec t;

	if (seconds <= 0)
		return;
	t.tv_sec = (time_t)seconds;
	t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigtimedwait(&chld, NULL, &t);
}

/* In the child, before exec. */
static inline void give_back_chld(void)
{
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &chld, NULL);
}

/* Lets a traced process go, with the signal that it stopped for. */
static inline void let_go(const siginfo_t *info)
{
	int sig = info->si_code == CLD_TRAPPED && info->si_status < 0x80 ? info->si_status : 0;

	ptrace(PTRACE_DETACH, info->si_pid, NULL, (void *)(long)sig);
}

/* Judges at the instant at which MAIN and its inner process have ended, and not a moment later, but for a child of ours
 * whose name begins with DYING (NULL: none): the kernel has to end that one. After DEADLINE at the latest. Then kills what is left. */
static inline struct remains remains_of(pid_t main, const char *dying, double deadline)
{
	struct remains r = {-1, 0, 0, ""};
	struct process p;
	pid_t pid;
	int supervisors = 0;

	for (;;) {
		siginfo_t info = {0};

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0)
			break;				/* no child at all */
		if (info.si_pid && (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED)) {
			let_go(&info);
		} else if (info.si_pid) {
			int orphan = look_at(info.si_pid, &p) && p.parent == getpid(), status;

			waitpid(info.si_pid, &status, __WALL);
			if (info.si_pid == main)
				r.status = status;
			else if (orphan && !(strncmp(p.name, "tiny-", 5) == 0 && supervisors++ == 0))
				r.zombies++;
		} else if ((r.status != -1 && !child_of(getpid(), "tiny-", main, &p) && !(dying && child_of(getpid(), dying, main, &p))) || now() >= deadline) {
			break;
		} else {
			wait_for_chld(deadline - now() < 0.01 ? deadline - now() : 0.01);
		}
	}
	while ((pid = child_of(getpid(), "", r.status == -1 ? main : 0, &p))) {
		size_t used = strlen(r.names);

		r.left++;
		snprintf(r.names + used, sizeof r.names - used, "%s%s", used ? " " : "", p.name);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
	if (r.status == -1) {
		kill(main, SIGKILL);
		waitpid(main, NULL, __WALL);
	}
	while ((pid = child_of(getpid(), "", 0, &p))) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		continue;
	return r;
}
