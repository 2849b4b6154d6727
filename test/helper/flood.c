/* flood COUNT SIG [PID]
 * COUNT processes send SIG, as fast as they can, to the first thread of PID (default: our parent; 0: to our process group, each of it).
 * Writes "flood" on standard output when all of them are at it. Ends when PID is gone; never by SIG. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int send_one(pid_t pid, int sig)
{
    return pid ? (int)syscall(SYS_tgkill, pid, pid, sig) : kill(0, sig);
}

int main(int argc, char **argv)
{
    int count, sig;
    pid_t pid;

    if (argc < 3)
        return 99;
    count = atoi(argv[1]);
    sig = atoi(argv[2]);
    pid = argc > 3 ? atoi(argv[3]) : getppid();
    signal(sig, SIG_IGN);
    while (count-- > 1 && fork() > 0)
        continue;
    for (long i = 0; send_one(pid, sig) == 0 || errno == EAGAIN; i++)
        if (i == 100 && count <= 0) {
            puts("flood");
            fflush(stdout);
        }
    return 0;
}
