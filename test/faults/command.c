/*
 * The command that runs under tiny-reaper while system calls fail. It writes one byte to FD: it was started. Whatever it leaves behind holds FD open.
 * Exits with 98 if it is not started as it should be: in a group that its parent leads, or itself, with the parent-death signal, no signal blocked, SIGCHLD at its default.
 *   command FD exit      exits with 7
 *   command FD wait      waits to be ended, dies of TERM
 *   command FD ignore    waits to be ended, ignores TERM
 *   command FD leave     leaves two daemons behind, one of which ignores TERM, and exits with 7
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void wait_for_ever(void)
{
    for (;;)
        pause();
}

static int is_well_started(void)
{
    int death = 0;
    sigset_t mask;
    struct sigaction chld;
    prctl(PR_GET_PDEATHSIG, &death);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigaction(SIGCHLD, NULL, &chld);
    for (int sig = 1; sig < NSIG; sig++)
        if (sigismember(&mask, sig) == 1)
            return 0;
    return (getpgrp() == getppid() || getpgrp() == getpid()) && death == SIGKILL && chld.sa_handler == SIG_DFL;
}

/* Returns when the daemon is settled. */
static void leave_daemon(int ignores)
{
    int ready[2];
    char byte;
    if (pipe(ready) != 0)
        _exit(99);
    if (fork() == 0) {
        setsid();
        if (ignores)
            signal(SIGTERM, SIG_IGN);
        close(ready[0]);
        close(ready[1]);
        wait_for_ever();
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 0)
        _exit(99);
    close(ready[0]);
}

int main(int argc, char **argv)
{
    const char *what = argc == 3 ? argv[2] : "";
    if (strcmp(what, "ignore") == 0)
        signal(SIGTERM, SIG_IGN);
    if (argc != 3 || write(atoi(argv[1]), "S", 1) != 1)
        return 99;
    if (!is_well_started())
        return 98;
    if (strcmp(what, "leave") == 0) {
        leave_daemon(0);
        leave_daemon(1);
    } else if (strcmp(what, "exit") != 0) {
        wait_for_ever();
    }
    return 7;
}
