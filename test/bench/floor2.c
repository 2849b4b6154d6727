/*
 * The floor of what tiny-reaper does at its start, with fork: the least calls that make a guard, a supervisor
 * that leads the command's group, and a command that dies with it, and hand on the status. Static with musl,
 * as floor.c is.
 *   -DPROCESSES=2   guard and supervisor, as without options
 *   -DPROCESSES=1   one process and the command, which leads its group, as with -G
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The plain call: libc's fork() blocks signals around it, and runs handlers. */
static pid_t plain_fork(void)
{
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static int status_of(pid_t pid)
{
    int status;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}

static int supervise(char **command)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t pid = plain_fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (PROCESSES == 1)
            setpgid(0, 0);
        execv(command[0], command);
        _exit(127);
    }
    return status_of(pid);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 125;
    if (PROCESSES == 1)
        return supervise(argv + 1);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t pid = plain_fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGCONT, 0, 0, 0);
        setpgid(0, 0);
        _exit(supervise(argv + 1));
    }
    return status_of(pid);
}
