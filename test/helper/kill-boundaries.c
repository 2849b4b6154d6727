/* kill-boundaries VICTIM CLOCK COMMAND [ARG]...
 * Runs COMMAND (tiny-reaper and its arguments) again and again, and in run N kills VICTIM (outer, inner, both, or the parent) with SIGKILL when
 * CLOCK (outer, inner, or command: that one before its exec) stands at its Nth system-call boundary, entry or exit, counted from
 * when VICTIM exists. The last runs are those in which CLOCK came to rest, or to its end, before its Nth. COMMAND's command has
 * to write to the descriptor whose number is in READY, when everything that it starts is in place.
 * Says "N boundaries, N runs, N left, N zombies, N hung", and before that, whether the last runs were up to rest or to an end, and what was
 * left and where, if anything was. */
#define _GNU_SOURCE
#include <fcntl.h>
#include "remains.h"

enum { OUTER, INNER, COMMAND, PARENT, BOTH, ROLES };
static const char *const ROLE[] = {"outer", "inner", "command", "parent", "both"};
static const long OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

struct tracee {
	pid_t pid;
	int boundaries, gone;
	long call;
};

static int role_named(const char *name)
{
	for (int i = 0; i < ROLES; i++)
		if (strcmp(name, ROLE[i]) == 0)
			return i;
	exit(99);
}

/* Starts COMMAND, traced from before its exec; with a process between us and it, if PARENT is to hold that one's id. */
static pid_t start(char **argv, int *ready, pid_t *parent)
{
	int fds[2], go[2], id[2];
	char text[16], byte;
	pid_t pid = 0;

	if (pipe(fds) < 0 || pipe2(go, O_CLOEXEC) < 0 || pipe2(id, O_CLOEXEC) < 0)
		exit(99);
	if (parent && (*parent = fork()) < 0)
		exit(99);
	if (parent && *parent == 0)
		setsid();		/* so that who is adopted by us can know it */
	if ((!parent || *parent == 0) && (pid = fork()) == 0) {
		pid = getpid();
		close(fds[0]);
		snprintf(text, sizeof text, "%d", fds[1]);
		setenv("READY", text, 1);
		give_back_chld();
		if (write(id[1], &pid, sizeof pid) != sizeof pid || read(go[0], &byte, 1) != 1)
			_exit(99);
		execvp(argv[0], argv);
		_exit(99);
	}
	if (parent && *parent == 0)
		for (;;)
			pause();
	if (read(id[0], &pid, sizeof pid) != sizeof pid || ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) != 0) {
		perror("ptrace");
		exit(98);
	}
	close(id[0]);
	close(id[1]);
	close(fds[1]);
	close(go[0]);
	if (write(go[1], "", 1) != 1)
		exit(99);
	close(go[1]);
	*ready = fds[0];
	return pid;
}

/* The role of a process that was seen for the first time. */
static int role_of(struct tracee *tracees, pid_t pid)
{
	struct process p;

	for (int i = 0; i < ROLES; i++)
		if (tracees[i].pid == pid)
			return i;
	if (!look_at(pid, &p))
		return -1;
	for (int i = 0; i < COMMAND; i++)
		if (tracees[i].pid == p.parent && tracees[i + 1].pid == 0) {
			tracees[i + 1].pid = pid;
			return i + 1;
		}
	return -1;
}

/* Kills ROLE, and waits until it is dead: nothing else goes on before, which is the sharpest case. Reaping it is for remains_of to do. */
static void strike(struct tracee *tracees, int role)
{
	siginfo_t info = {0};

	if (role == BOTH) {
		strike(tracees, INNER);
		strike(tracees, OUTER);
		return;
	}
	if (tracees[role].pid == 0 || tracees[role].gone)
		return;
	kill(tracees[role].pid, SIGKILL);
	while (waitid(P_PID, (id_t)tracees[role].pid, &info, WEXITED | WNOWAIT | __WALL) == 0 && info.si_code == CLD_TRAPPED)
		let_go(&info);
}

/* Has everything come to rest, in a call that waits: what is traced, and the command? Where the command has ended, there is an end to come, and no rest:
 * tiny-reaper sleeps, but for leftovers that take their time to die, which can be long on a busy machine. */
static int at_rest(struct tracee *tracees, int ready)
{
	struct pollfd f = {ready, POLLIN, 0};
	struct process p;

	if (poll(&f, 1, 0) != 1 || !look_at(tracees[COMMAND].pid, &p) || p.state != 'S' || !sleeps(tracees[COMMAND].pid))
		return 0;
	for (int i = 0; i < COMMAND; i++)
		if (tracees[i].pid && !tracees[i].gone && (!look_at(tracees[i].pid, &p) || p.state != 'S' || !sleeps(tracees[i].pid)))
			return 0;
	return 1;
}

enum { STRUCK, RESTED, ENDED, STUCK };

/* Lets COMMAND run until CLOCK is at boundary N (stopped there), at rest, or at its end. */
static int run_to(struct tracee *tracees, int victim, int clock, int n, int ready)
{
	double deadline = now() + 100;
	int quiet = 0;

	for (;;) {
		siginfo_t info = {0};
		int role, sig = 0, event;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 || now() > deadline)
			return STUCK;
		if (info.si_pid == 0) {
			/* Two looks with nothing in between: a wake-up on its way would have come. */
			if (at_rest(tracees, ready) && ++quiet == 3)
				return RESTED;
			wait_for_chld(0.002);
			continue;
		}
		quiet = 0;
		role = role_of(tracees, info.si_pid);
		if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED) {
			if (role == OUTER || role == clock)
				return ENDED;		/* not reaped: that is for remains_of to do */
			if (role >= 0)
				tracees[role].gone = 1;
			waitpid(info.si_pid, NULL, __WALL);
			continue;
		}
		waitpid(info.si_pid, NULL, __WALL);
		event = info.si_status >> 8;
		if (event == PTRACE_EVENT_EXEC && role == COMMAND) {
			tracees[COMMAND].gone = 1;
			ptrace(PTRACE_DETACH, info.si_pid, NULL, NULL);
			if (clock == COMMAND)
				return ENDED;
			continue;
		}
		if (info.si_status == (SIGTRAP | 0x80)) {
			if (role >= 0) {
				struct __ptrace_syscall_info call = {0};

				if (ptrace(PTRACE_GET_SYSCALL_INFO, info.si_pid, sizeof call, &call) > 0 && call.op == PTRACE_SYSCALL_INFO_ENTRY)
					tracees[role].call = (long)call.entry.nr;
				if (tracees[victim == BOTH ? INNER : victim].pid && ++tracees[role].boundaries == n && role == clock)
					return STRUCK;
			}
		} else if (event == 0) {
			sig = info.si_status;
		}
		ptrace(PTRACE_SYSCALL, info.si_pid, NULL, (void *)(long)sig);
	}
}

int main(int argc, char **argv)
{
	int victim, clock, left = 0, zombies = 0, hung = 0, most = 0, late = 0, rested = 0, n;

	if (argc < 4)
		return 99;
	victim = role_named(argv[1]);
	clock = role_named(argv[2]);
	become_heir();
	/* A few more runs than boundaries: their number differs a little from run to run. */
	for (n = 1; late < 5; n++) {
		struct tracee tracees[ROLES] = {{0}};
		struct remains r;
		int ready, how;

		tracees[OUTER].pid = start(argv + 3, &ready, victim == PARENT ? &tracees[PARENT].pid : NULL);
		how = run_to(tracees, victim, clock, n, ready);
		if (how == STRUCK) {
			strike(tracees, victim);
			if (victim != clock && !(victim == BOTH && clock != COMMAND))
				ptrace(PTRACE_DETACH, tracees[clock].pid, NULL, NULL);
			most = n;
			late = rested = 0;
		} else {
			strike(tracees, victim);
			late++;
			rested += how == RESTED;
		}
		if (victim == PARENT)
			waitpid(tracees[PARENT].pid, NULL, 0);
		r = remains_of(tracees[OUTER].pid, victim == BOTH ? "leftovers" : NULL, now() + 60);
		close(ready);
		left += r.left;
		zombies += r.zombies;
		hung += how == STUCK || r.status == -1;
		if (r.left || r.zombies || r.status == -1 || how == STUCK)
			printf("%s killed at boundary %d (call %ld) of %s: %d left%s%s%s, %d zombies%s%s\n", ROLE[victim], n, tracees[clock].call, ROLE[clock], r.left, r.left ? " (" : "",
			       r.names, r.left ? ")" : "", r.zombies, r.status == -1 ? ", outer still there" : "", how == STUCK ? ", stuck before" : "");
	}
	printf("%s killed at each boundary of %s up to its %s: %d boundaries, %d runs, %d left, %d zombies, %d hung\n", ROLE[victim], ROLE[clock], rested == late ? "rest" : rested ? "rest or end" : "end", most, n - 1, left, zombies, hung);
	return 0;
}
