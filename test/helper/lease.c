/* lease FILE COMMAND [ARG]...
 * Runs COMMAND while a write lease on FILE is held that nobody gives back: who opens FILE, or executes it, waits for
 * /proc/sys/fs/lease-break-time seconds (45). Ends with COMMAND's status, or 128+N. FILE has to be the caller's own. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd, status;
    pid_t pid;

    if (argc < 3)
        return 99;
    fd = open(argv[1], O_RDWR | O_CLOEXEC);
    signal(SIGIO, SIG_IGN);
    if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) != 0) {
        perror(argv[1]);
        return 99;
    }
    if ((pid = fork()) == 0) {
        signal(SIGIO, SIG_DFL);
        close(fd);
        execvp(argv[2], argv + 2);
        _exit(99);
    }
    if (waitpid(pid, &status, 0) != pid)
        return 99;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
