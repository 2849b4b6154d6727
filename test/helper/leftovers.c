/* leftovers [-x STATUS] [-w] [-o LOG] KIND...
 * Starts descendants that outlive it, waits until each is in its place, closes the descriptor whose number is in READY, and
 * exits with STATUS (-w: waits to be ended). Descendants have the name left-KIND, and ignore TERM if KIND has a ! in front.
 * With -o each appends a line to LOG for every signal that it gets, and, unless !, exits at a TERM.
 *   child     in the command's group              group     in a group of its own
 *   session   in a session of its own             daemon    the same, forked twice
 *   stopped   in the group, and stopped           slow      at TERM or INT waits until LOG.go exists, and ends
 *   heir      in a session; at TERM, a little later, it forks a "newcomer" in another session, and ends
 *   nested:N  N of them, each the child of the one before, each in a group of its own
 *   many:N    N children
 *   chain:N   in a session, a process that forks and exits, N times; then it logs "chain ran out"
 *   bomb:N    in groups of their own, processes that fork as fast as they can, until there were N */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *log_name;
static int log_fd = -1, place[2];

static void note(const char *kind, const char *what)
{
	char line[100];
	int n = snprintf(line, sizeof line, "%s %s\n", kind, what);

	if (log_fd >= 0 && write(log_fd, line, (size_t)n) != n)
		_exit(98);
}

static void in_place(void)
{
	if (write(place[1], "", 1) != 1)
		_exit(98);
	close(place[1]);
}

/* Until LOG.go exists; or five minutes, when nobody waits for us any more. */
static void wait_to_go(void)
{
	char path[300];

	snprintf(path, sizeof path, "%s.go", log_name);
	for (int i = 0; i < 60000 && access(path, F_OK) != 0; i++)
		nanosleep(&(struct timespec){0, 5000000}, NULL);
}

static void stay(const char *kind, int immune);

static void beget(const char *kind)
{
	/* Not in the round in which it was told. */
	nanosleep(&(struct timespec){0, 30000000}, NULL);
	if (fork() == 0) {
		setsid();
		note(kind, "born");
		stay(kind, 0);
	}
}

/* Never returns. */
static void stay(const char *kind, int immune)
{
	sigset_t all;
	char name[20];
	int sig;

	if (log_fd < 0) {
		for (;;)
			pause();
	}
	sigfillset(&all);
	for (;;) {
		sig = sigwaitinfo(&all, NULL);
		if (sig == SIGCHLD || sig < 0)
			continue;
		snprintf(name, sizeof name, "%d", sig);
		note(kind, sig == SIGTERM ? "TERM" : sig == SIGCONT ? "CONT" : sig == SIGINT ? "INT" : sig == SIGUSR1 ? "USR1" : name);
		if (immune || (sig != SIGTERM && sig != SIGINT))
			continue;
		if (strcmp(kind, "heir") == 0)
			beget("newcomer");
		if (strcmp(kind, "slow") == 0) {
			wait_to_go();
			note(kind, "done");
		}
		_exit(0);
	}
}

static void nested(int depth)
{
	setpgid(0, 0);
	while (depth-- > 1 && fork() == 0)
		setpgid(0, 0);
	in_place();
	stay("nested", 1);
}

static void bomb(int most)
{
	atomic_int *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	while (atomic_fetch_add(count, 1) < most)
		if (fork() == 0)
			setpgid(0, 0);
	stay("bomb", 1);
}

static void chain(long links)
{
	for (; links > 0; links--) {
		pid_t pid = fork();

		if (pid > 0)
			_exit(0);
	}
	note("chain", "ran out");
	_exit(0);
}

/* How many bytes to wait for. */
static int start(const char *spec)
{
	int immune = *spec == '!', count = 1;
	char kind[11], name[16];
	const char *colon = strchr(spec, ':');

	spec += immune;
	snprintf(kind, sizeof kind, "%.*s", (int)strcspn(spec, ":") % 11, spec);
	if (colon)
		count = atoi(colon + 1);
	for (int i = 0; i < (strcmp(kind, "many") ? 1 : count); i++) {
		pid_t pid = fork();

		if (pid < 0)
			exit(97);
		if (pid > 0) {
			if (strcmp(kind, "stopped") == 0)
				waitpid(pid, NULL, WUNTRACED);
			if (strcmp(kind, "daemon") == 0)
				waitpid(pid, NULL, 0);
			continue;
		}
		snprintf(name, sizeof name, "left-%s", kind);
		prctl(PR_SET_NAME, name);
		if (immune || strcmp(kind, "nested") == 0 || strcmp(kind, "bomb") == 0)
			signal(SIGTERM, SIG_IGN);
		if (log_fd >= 0) {
			sigset_t all;

			sigfillset(&all);
			sigprocmask(SIG_BLOCK, &all, NULL);
		}
		close(place[0]);
		if (strcmp(kind, "nested") == 0)
			nested(count);
		if (strcmp(kind, "group") == 0)
			setpgid(0, 0);
		if (strcmp(kind, "session") == 0 || strcmp(kind, "heir") == 0 || strcmp(kind, "chain") == 0)
			setsid();
		if (strcmp(kind, "daemon") == 0) {
			setsid();
			if (fork() != 0)
				_exit(0);
		}
		in_place();
		if (strcmp(kind, "chain") == 0)
			chain(count);
		if (strcmp(kind, "bomb") == 0)
			bomb(count);
		if (strcmp(kind, "stopped") == 0)
			raise(SIGSTOP);
		stay(kind, immune);
	}
	return strcmp(kind, "nested") == 0 || strcmp(kind, "many") == 0 ? count : 1;
}

int main(int argc, char **argv)
{
	int status = 0, wait = 0, option, expected = 0;
	const char *ready = getenv("READY");
	char buffer[4096];
	ssize_t n;

	while ((option = getopt(argc, argv, "+x:wo:")) != -1)
		switch (option) {
		case 'x': status = atoi(optarg); break;
		case 'w': wait = 1; break;
		case 'o': log_fd = open(log_name = optarg, O_WRONLY | O_CREAT | O_APPEND, 0666); break;
		default: return 99;
		}
	if (pipe(place) < 0)
		return 97;
	for (int i = optind; i < argc; i++)
		expected += start(argv[i]);
	close(place[1]);
	while (expected > 0 && (n = read(place[0], buffer, sizeof buffer)) > 0)
		expected -= (int)n;
	if (expected != 0)
		return 96;
	if (ready && write(atoi(ready), "", 1) != 1)
		return 95;
	while (wait)
		pause();
	return status;
}
