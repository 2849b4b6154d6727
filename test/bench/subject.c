/*
 * The commands that are run under what is measured:
 *   subject pause              waits for ever
 *   subject echo FD            writes a byte to FD at the start and for each USR1
 *   subject storm N IN OUT     writes a byte to OUT; for a byte on IN makes N orphans; a byte to OUT; ends when IN does
 *   subject tree N FD [s]      N processes, the first one included, each of which writes its pid to FD and waits; s: each in a session of its own
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int out;

static void say(const void *what, size_t size)
{
    if (write(out, what, size) != (ssize_t)size)
        _exit(1);
}

static void on_usr1(int sig)
{
    (void)sig;
    say("u", 1);
}

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

/* An orphan: its parent ends at once, and so does it. */
static void orphan(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0)
            _exit(0);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void storm(int n, int in)
{
    char byte;
    int alive[2];
    setsid();       /* as dumb-init does for its command: a session is a scheduler's group (autogroup), by which the reaper wakes more often or less */
    say("r", 1);
    if (read(in, &byte, 1) != 1 || pipe(alive) != 0)
        _exit(1);
    for (int i = 0; i < n; i++)
        orphan();
    close(alive[1]);
    while (read(alive[0], &byte, 1) > 0)            /* end-of-file: the last orphan is gone */
        ;
    say("f", 1);
    while (read(in, &byte, 1) > 0)
        ;
    _exit(0);
}

static void tree(int n, int sessions)
{
    for (int i = 1; i < n; i++)
        if (fork() == 0) {
            if (sessions)
                setsid();
            pid_t pid = getpid();
            say(&pid, sizeof pid);
            wait_for_ever();
        }
    pid_t pid = getpid();
    say(&pid, sizeof pid);
    wait_for_ever();
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "pause") == 0)
        wait_for_ever();
    if (argc == 3 && strcmp(argv[1], "echo") == 0) {
        out = atoi(argv[2]);
        signal(SIGUSR1, on_usr1);
        say("r", 1);
        wait_for_ever();
    }
    if (argc == 5 && strcmp(argv[1], "storm") == 0) {
        out = atoi(argv[4]);
        storm(atoi(argv[2]), atoi(argv[3]));
    }
    if (argc >= 4 && strcmp(argv[1], "tree") == 0) {
        out = atoi(argv[3]);
        tree(atoi(argv[2]), argc > 4);
    }
    return 2;
}
