/*
 * vectors PROGRAM RUNS SEED FOLDER: runs PROGRAM with random command lines of options, values and harmless commands, also under other
 * names, standard input closed. Each must
 * end in time, with 0, 124 to 127, 137 or the command's status, and leave no child behind. FOLDER is for reports.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 24, SECONDS = 100 };

static const char *const OPTIONS[] = {
    "-t", "-s", "-k", "-r", "-e", "-o", "-p", "-c", "-d", "-w", "-l", "-G", "-v", "-h", "-V", "--timeout", "--signal", "--kill-after", "--preserve-status",
    "--single-child", "--rewrite", "--success-status", "--die-with-parent", "--wait", "--leave", "--no-guard", "--report", "--verbose", "--help", "--version",
    "--timeout=", "--signal=", "--kill-after=", "--rewrite=", "--success-status=", "--report=", "--wait=", "--ver", "--s", "--", "-", "-pcG", "-Gt", "-vk", "-Z", "--x",
};
static const char *const VALUES[] = {
    "0", "1", "60", "1ms", "0.000000001", "1h30m", "infinity", "1e3", "0x1p2", ".5", "5.", "-1", "", " ", "TERM", "SIGQUIT,TERM", "KILL", "0x1", "RTMIN+3", "RTMAX-30", "64", "65", "99999999999999999999",
    "TERM:INT", "USR1:0", "KILL:TERM", "143", "143,TERM", "256", "%s%n", "\377\376", "m", "1m1", ",", ":", "FILE", "/dev/full", "/", "/nowhere/x",
};
static const char *const COMMANDS[] = {"true", "false", "/", "/bin/true", "/bin/false", "no-such-command", "/no/such/command", "", "/dev/null"};
#define SOME(list) list[(size_t)rand() % (sizeof list / sizeof *list)]

static const char *const NAMES[] = {"timeout", "/x/tini", "docker-init", "dumb-init"};
static char *words[WORDS + 1], file[4096];
static int nwords;

static void add(const char *head, const char *tail)
{
    static char space[WORDS][8192];
    snprintf(space[nwords], sizeof space[nwords], "%s%s", head, strcmp(tail, "FILE") == 0 ? file : tail);
    words[nwords] = space[nwords];
    words[++nwords] = NULL;
}

/* Mostly a sensible value behind an option, sometimes anything anywhere. */
static void make_line(const char *program)
{
    nwords = 0;
    add(rand() % 4 ? program : SOME(NAMES), "");
    for (int i = rand() % 8; i > 0; i--) {
        const char *option = SOME(OPTIONS);
        int open = option[strlen(option) - 1] == '=';
        add(option, open || rand() % 16 == 0 ? SOME(VALUES) : "");
        if (!open && rand() % 2)
            add("", SOME(VALUES));
    }
    if (rand() % 16)
        add(rand() % 4 ? "" : "--", "");
    if (nwords > 1 && !*words[nwords - 1])
        nwords--, words[nwords] = NULL;
    for (int i = rand() % 3; i >= 0; i--)
        add("", rand() % 8 ? SOME(COMMANDS) : SOME(VALUES));
}

/* The status as waitpid has it; -1: not in time. */
static int run(const char *program)
{
    sigset_t chld;
    int status;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        setsid();
        sigprocmask(SIG_UNBLOCK, &chld, NULL);
        dup2(null, 1);
        dup2(null, 2);
        close(null);
        close(0);
        execv(program, words);
        _exit(99);
    }
    if (pid < 0)
        err(2, "fork");
    for (time_t end = time(NULL) + SECONDS; waitpid(pid, &status, WNOHANG) == 0; sigtimedwait(&chld, NULL, &(struct timespec){1, 0}))
        if (time(NULL) > end) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
    return status;
}

/* A status that no command of ours and no rule gives. A death by signal: a command at whom one was aimed by -s at the limit, under -p. */
static int is_wrong(int status)
{
    if (status == -1)
        return 1;
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGABRT || WTERMSIG(status) == SIGBUS || WTERMSIG(status) == SIGSYS;
    int code = WEXITSTATUS(status);
    return code > 1 && code != 124 && code != 125 && code != 126 && code != 127 && code != 137;
}

int main(int argc, char **argv)
{
    int seen[256] = {0}, signals = 0, bad = 0, null;
    sigset_t chld;
    if (argc != 5)
        errx(2, "usage: vectors PROGRAM RUNS SEED FOLDER");
    int runs = atoi(argv[2]);
    srand((unsigned)atoi(argv[3]));
    snprintf(file, sizeof file, "%s/report", argv[4]);
    if (chdir(argv[4]) != 0)                        /* what "-o 1" and the like make goes there */
        err(2, "%s", argv[4]);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if ((null = open("/dev/null", O_RDONLY)) != 0)
        close(null);
    for (int i = 0; i < runs; i++) {
        make_line(argv[1]);
        int status = run(argv[1]), left = 0;
        for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG | __WALL)) >= 0; left = 1)
            if (pid == 0)
                usleep(1000);
        if (is_wrong(status) || left) {
            printf("run %d: status %#x%s:", i, (unsigned)status, left ? ", left a process behind" : "");
            for (int word = 0; word < nwords; word++)
                printf(" '%s'", words[word]);
            printf("\n");
            bad++;
        } else if (WIFEXITED(status)) {
            seen[WEXITSTATUS(status)]++;
        } else {
            signals++;
        }
    }
    printf("%d random command lines, seed %s:", runs, argv[3]);
    for (int code = 0; code < 256; code++)
        if (seen[code])
            printf(" %d: %d,", code, seen[code]);
    printf(" by signal: %d, wrong: %d\n", signals, bad);
    return bad > 0 || seen[0] == 0 || seen[1] == 0 || seen[125] == 0 || seen[126] == 0 || seen[127] == 0;
}
