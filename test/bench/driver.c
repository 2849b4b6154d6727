/*
 * Measures, with as little noise of its own as possible, and prints nanoseconds: a line per round, a number per command.
 *   driver launch   ROUNDS COMMAND , COMMAND , ...          start to end
 *   driver signal   ROUNDS COMMAND , ...                    kill by USR1 to the handler, and back through a pipe; "subject echo" is appended by the caller
 *   driver reap     ROUNDS N COMMAND , ...                  CPU of COMMAND as PID 1 of a namespace while N orphans end
 *   driver teardown ROUNDS N SESSIONS COMMAND , ...         from TERM to the last of N processes gone, zombies too; a COMMAND whose first word
 *                                                           is "direct" is what it starts, and is killed by the driver
 * The commands take turns, in another order in each round: each has each of the others before it equally often.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 64, WORDS = 64 };

static char *commands[COMMANDS][WORDS];
static int ncommands, rounds;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void parse_commands(char **argv)
{
    int word = 0;
    for (; *argv; argv++) {
        if (strcmp(*argv, ",") == 0) {
            ncommands++;
            word = 0;
        } else if (ncommands == COMMANDS || word == WORDS - 4)
            errx(2, "too many commands or words");
        else
            commands[ncommands][word++] = *argv;
    }
}

/* Appends WORD to a copy of the command's words, whose last word is NULL. */
static void append(char **words, const char *word)
{
    while (*words)
        words++;
    words[0] = strdup(word);
    words[1] = NULL;
}

static void append_number(char **words, long number)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", number);
    append(words, text);
}

/* In a process group of its own, for timeout(1) signals its whole group. */
static pid_t start(char **argv)
{
    pid_t pid = vfork();
    if (pid == 0) {
        setpgid(0, 0);
        execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0)
        err(1, "vfork");
    return pid;
}

static void close_on_exec(int fd)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void read_all(int fd, void *buffer, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, (char *)buffer + done, size - done);
        if (n <= 0)
            errx(1, "the command ended early");
        done += (size_t)n;
    }
}

static int64_t launch(char **argv)
{
    int status;
    int64_t begin = now();
    pid_t pid = start(argv);
    waitpid(pid, &status, 0);
    int64_t end = now();
    if (WIFEXITED(status) && WEXITSTATUS(status) > 124 && WEXITSTATUS(status) < 128)
        errx(1, "%s: status %d", argv[0], WEXITSTATUS(status));
    return end - begin;
}

/* Calls MEASURE for each command in each round. */
static void run_rounds(int64_t (*measure)(int index))
{
    static int64_t row[COMMANDS];
    static int order[COMMANDS];
    for (int i = 0; i < ncommands; i++)
        order[i] = i;
    for (int round = -1; round < rounds; round++) {             /* -1: everything is warm after it */
        for (int i = ncommands - 1; i > 0; i--) {
            int other = rand() % (i + 1), index = order[i];
            order[i] = order[other];
            order[other] = index;
        }
        for (int i = 0; i < ncommands; i++)
            row[order[i]] = measure(order[i]);
        if (round < 0)
            continue;
        for (int i = 0; i < ncommands; i++)
            printf("%lld%c", (long long)row[i], i == ncommands - 1 ? '\n' : ' ');
        fflush(stdout);
    }
}

static int64_t measure_launch(int index)
{
    return launch(commands[index]);
}

/* ---------------------------------------------------------------- signals */

static pid_t echo_pid[COMMANDS];
static int echo_fd[COMMANDS];

static void start_echo(int index)
{
    int fds[2];
    char byte;
    if (pipe(fds) != 0)
        err(1, "pipe");
    close_on_exec(fds[0]);
    append_number(commands[index], fds[1]);
    echo_pid[index] = start(commands[index]);
    close(fds[1]);
    echo_fd[index] = fds[0];
    read_all(fds[0], &byte, 1);
}

static int64_t measure_signal(int index)
{
    char byte;
    usleep(200);                                                /* all are asleep again */
    int64_t begin = now();
    kill(echo_pid[index], SIGUSR1);
    read_all(echo_fd[index], &byte, 1);
    return now() - begin;
}

/* ---------------------------------------------------------------- reaping */

static int orphans;

static int64_t cpu_of(pid_t pid)
{
    char name[64];
    long long ns = 0;
    snprintf(name, sizeof name, "/proc/%d/schedstat", (int)pid);
    FILE *file = fopen(name, "r");
    if (!file || fscanf(file, "%lld", &ns) != 1)
        err(1, "%s", name);
    fclose(file);
    return ns;
}

static pid_t start_as_init(char **argv)
{
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0);
    pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
        mount("proc", "/proc", "proc", 0, NULL);
        execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0)
        err(1, "clone(CLONE_NEWPID)");
    return pid;
}

static int64_t measure_reap(int index)
{
    char *argv[WORDS], byte;
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0)
        err(1, "pipe");
    close_on_exec(in[1]);
    close_on_exec(out[0]);
    memcpy(argv, commands[index], sizeof argv);
    append_number(argv, orphans);
    append_number(argv, in[0]);
    append_number(argv, out[1]);
    pid_t pid = start_as_init(argv);
    close(in[0]);
    close(out[1]);
    read_all(out[0], &byte, 1);
    int64_t before = cpu_of(pid), after, last = -1;
    if (write(in[1], "g", 1) != 1)
        err(1, "write");
    read_all(out[0], &byte, 1);
    while ((after = cpu_of(pid)) != last) {                     /* it may still be reaping */
        last = after;
        usleep(30000);
    }
    close(in[1]);
    close(out[0]);
    waitpid(pid, NULL, 0);
    return after - before;
}

/* ---------------------------------------------------------------- teardown */

static int processes, sessions;

static int64_t measure_teardown(int index)
{
    static pid_t pids[100000];
    char *argv[WORDS], byte;
    int direct = strcmp(commands[index][0], "direct") == 0, fds[2];
    if (pipe(fds) != 0)
        err(1, "pipe");
    close_on_exec(fds[0]);
    memset(argv, 0, sizeof argv);
    memcpy(argv, commands[index] + direct, (WORDS - 1) * sizeof *argv);
    append_number(argv, processes);
    append_number(argv, fds[1]);
    if (sessions)
        append(argv, "s");
    pid_t pid = start(argv);
    close(fds[1]);
    read_all(fds[0], pids, (size_t)processes * sizeof *pids);
    usleep(20000);                                              /* the last ones are in pause() */

    int64_t begin = now();
    if (!direct)
        kill(pid, SIGTERM);
    else if (!sessions)
        kill(-pid, SIGTERM);
    else
        for (int i = 0; i < processes; i++)
            kill(pids[i], SIGTERM);
    while (read(fds[0], &byte, 1) > 0)                          /* end-of-file: the last one is gone */
        ;
    while (wait(NULL) > 0)                                      /* and so is the last zombie: they come to us in the end, if to nobody else */
        ;
    int64_t end = now();
    close(fds[0]);
    return end - begin;
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    rounds = argc > 2 ? atoi(argv[2]) : 0;
    alarm(600);                                                 /* never for ever, if a command does not end */
    if (strcmp(what, "launch") == 0) {
        parse_commands(argv + 3);
        run_rounds(measure_launch);
    } else if (strcmp(what, "signal") == 0) {
        parse_commands(argv + 3);
        for (int i = 0; i < ncommands; i++)
            start_echo(i);
        run_rounds(measure_signal);
        for (int i = 0; i < ncommands; i++) {
            kill(echo_pid[i], SIGTERM);
            waitpid(echo_pid[i], NULL, 0);
        }
    } else if (strcmp(what, "reap") == 0 && argc > 3) {
        orphans = atoi(argv[3]);
        parse_commands(argv + 4);
        run_rounds(measure_reap);
    } else if (strcmp(what, "teardown") == 0 && argc > 4) {
        processes = atoi(argv[3]);
        sessions = atoi(argv[4]);
        parse_commands(argv + 5);
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        run_rounds(measure_teardown);
    } else
        errx(2, "usage: see the source");
    return 0;
}
